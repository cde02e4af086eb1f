import { useState } from 'preact/hooks'
import type { StoredRepair } from '../../../src/index.ts'
import type { ApiError } from '../../api.ts'
import { planAnew } from '../../parts/plan-anew.ts'
import { sayError } from '../../parts/toast.tsx'
import { href } from '../../route.ts'
import { mayWrite } from '../../session.ts'

const OUTDATED: readonly string[] = [
  ...['PLAN_DRIFTED', 'PLAN_EDITED', 'PLAN_FOREIGN', 'REPAIR_UNDONE', 'JOURNAL_DROPPED'],
]

/** What can be done in the dashboard about a refusal; nothing where its fix says all. */
export function afterRepair(repair: StoredRepair, { code }: ApiError) {
  if (OUTDATED.includes(code)) {
    return (
      <p class="next-step">
        <PlanAnew repair={repair} primary />{' '}
        {code === 'PLAN_DRIFTED' &&
          'It holds the rows as they are now. Or leave those out, and apply.'}
      </p>
    )
  }
  if (code !== 'UNDO_BLOCKED') return null
  return (
    <p class="next-step">
      The index has to go first:{' '}
      <a href={href(['guards', repair.guard])}>stop enforcing {repair.guard}</a>, and undo then.
    </p>
  )
}

/** Plans the same repair on the rows as they are now, and goes to that plan. */
export function PlanAnew({
  repair: { guard, reason },
  primary,
}: {
  readonly repair: StoredRepair
  readonly primary?: boolean
}) {
  const [busy, setBusy] = useState(false)
  if (!mayWrite()) return null
  const plan = async () => {
    setBusy(true)
    try {
      await planAnew(guard, reason ?? '')
    } catch (error) {
      sayError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type="button"
      class={primary ? 'primary' : undefined}
      disabled={busy}
      title="Looks the duplicates up as they are now; no row is changed"
      onClick={plan}
    >
      {busy ? 'Planning' : 'Plan anew'}
    </button>
  )
}
