import type { EnforcementPlan } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import type { GuardDetail, Underway } from '../../contract.ts'
import { tell } from '../../live.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { some } from '../../parts/prose.tsx'
import type { Choices } from './choices.tsx'
import { afterEnforce } from './next-step.tsx'

/** How a guard is to be enforced, and what that would run. */
export interface Chosen {
  readonly plan: EnforcementPlan
  readonly choices: Choices
}

/** Asks before a guard is enforced, and starts it. */
export function AskEnforce({
  guard: { name, table },
  chosen: { plan, choices },
  onStarted,
  onClose,
}: {
  readonly guard: GuardDetail
  readonly chosen: Chosen
  readonly onStarted: () => void
  readonly onClose: () => void
}) {
  const enforce = async (reason: string) => {
    const path = apiPath(['guards', name, 'enforce'])
    const words = reason.trim() ? { reason: reason.trim() } : {}
    const work = await post<Underway>(path, { ...choices, ...words })
    tell({ ...work, kind: 'underway' })
    onStarted()
  }
  const locks = [...new Set(plan.statements.map(({ lock }) => lock))]
  const felt = locks.filter((lock) => !/^(none|SHARE UPDATE)/.test(lock))
  return (
    <Confirm
      title={`Enforce ${name}?`}
      action="Enforce"
      onConfirm={enforce}
      onClose={onClose}
      nextStep={(error) => afterEnforce(name, error)}
    >
      <ul class="consequences">
        <li>
          <b>Made:</b> the unique index <code>{plan.index}</code> on <code>{table}</code>, by{' '}
          {some(plan.statements.length, 'statement')}.
        </li>
        <li>
          <b>Duplicates:</b>{' '}
          {choices.repair
            ? 'those that stand are repaired, without a plan to review; each repair can be undone.'
            : 'where any stand it ends before it changed anything, and names them.'}
        </li>
        {felt.map((lock) => (
          <li key={lock}>
            <b>Lock:</b> {lock}.
          </li>
        ))}
        <li>
          <b>Stopped</b> at any point it takes back what it began, or goes on when it is asked for
          again. It gives up after 10 minutes.
        </li>
      </ul>
    </Confirm>
  )
}
