import type { StoredRepair, Undone } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import type { GuardDetail } from '../../contract.ts'
import { tell } from '../../live.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { some } from '../../parts/prose.tsx'
import { say } from '../../parts/toast.tsx'
import { GivenUp, unenforce } from '../guard/unenforce.tsx'
import { afterRepair } from './next-step.tsx'
import { backWords } from './outcome.tsx'

/** Asks before a repair is undone; where an index would refuse what comes back, it goes first. */
export function AskUndo({
  repair,
  guard,
  onChanged,
  onClose,
}: {
  readonly repair: StoredRepair
  readonly guard: GuardDetail
  readonly onChanged: () => void
  readonly onClose: () => void
}) {
  const { id, removed, changed, moved, dropped } = repair
  const { enforced } = guard
  const undo = async () => {
    if (enforced) await unenforce(guard.name)
    const undone = await post<Undone>(apiPath(['repairs', id, 'undo']))
    const since = undone.changedSince > 0 ? ` ${undone.changedSince} changed since and stay.` : ''
    say(`${backWords(undone.restored, undone.reverted)}${since}`, 'undone')
    tell({ kind: 'repair', guard: guard.name, id, state: 'undone' })
    onChanged()
  }
  return (
    <Confirm
      title={`Undo repair ${id}?`}
      action={enforced ? 'Drop the index, then undo' : 'Undo'}
      danger
      reasonless
      nextStep={(error) => afterRepair(repair, error)}
      onConfirm={undo}
      onClose={onClose}
    >
      <ul class="consequences">
        {removed > 0 && (
          <li>
            <b>Back:</b> {some(removed, 'row')} with every value they had. They are duplicates
            again.
          </li>
        )}
        {changed > 0 && (
          <li>
            <b>Back:</b> the old values of {some(changed, 'row')}, where nobody changed them since.
          </li>
        )}
        {moved + dropped > 0 && (
          <li>
            <b>With them:</b> {some(moved, 'row')} of other tables that were moved, and{' '}
            {dropped.toLocaleString()} that were deleted.
          </li>
        )}
        <li>
          <b>At once</b>, in one transaction: all of it or nothing.
        </li>
      </ul>
      {enforced && (
        <div class="first-drop ground-warn">
          <p>
            <b>The index goes first.</b> It admits no duplicates, and what comes back are some.
          </p>
          <GivenUp guard={guard} />
        </div>
      )}
    </Confirm>
  )
}
