import { useState } from 'preact/hooks'
import type { StoredRepair } from '../../../src/index.ts'
import type { GuardDetail } from '../../contract.ts'
import { mayWrite } from '../../session.ts'
import { AskApply } from './ask-apply.tsx'
import { AskUndo } from './ask-undo.tsx'
import { PlanAnew } from './next-step.tsx'

/** What can be done with a repair as it stands. */
export function RepairActions({
  repair,
  guard,
  busy,
  onChanged,
}: {
  readonly repair: StoredRepair
  /** Undefined where this server does not know it, or not yet. */
  readonly guard: GuardDetail | undefined
  /** Whether long work of the guard is under way. */
  readonly busy: boolean
  readonly onChanged: () => void
}) {
  const [asking, setAsking] = useState<'apply' | 'undo' | undefined>()
  if (!mayWrite() || !guard) return null
  const { state } = repair
  const close = () => setAsking(undefined)
  return (
    <>
      {!busy && (state === 'planned' || state === 'undone') && <PlanAnew repair={repair} />}
      {!busy && (state === 'applying' || state === 'applied') && (
        <button type="button" class="danger-line" onClick={() => setAsking('undo')}>
          Undo
        </button>
      )}
      {!busy && (state === 'planned' || state === 'applying') && (
        <button type="button" class="primary" onClick={() => setAsking('apply')}>
          {state === 'planned' ? 'Apply' : 'Go on'}
        </button>
      )}
      {asking === 'apply' && <AskApply repair={repair} onChanged={onChanged} onClose={close} />}
      {asking === 'undo' && (
        <AskUndo repair={repair} guard={guard} onChanged={onChanged} onClose={close} />
      )}
    </>
  )
}
