import { useState } from 'preact/hooks'
import type { Unenforced } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import type { GuardDetail } from '../../contract.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { some } from '../../parts/prose.tsx'
import { say } from '../../parts/toast.tsx'

/** What dropping the index of a guard gives up, for whoever is asked about it. */
export function GivenUp({ guard }: { readonly guard: Pick<GuardDetail, 'table' | 'index'> }) {
  return (
    <ul class="consequences">
      <li>
        <b>Goes:</b> the index <code>{guard.index}</code>, while readers and writers of{' '}
        <code>{guard.table}</code> go on.
      </li>
      <li>
        <b>Given up:</b> nothing in the database refuses a second row of a key any more, whoever
        writes it.
      </li>
      <li>
        <b>Until it is enforced again</b> Onceover makes no row of this guard: its inserts and runs
        end with <code>GUARD_NOT_ENFORCED</code>.
      </li>
    </ul>
  )
}

/** Drops the index of a guard. @throws ApiError */
export const unenforce = (guard: string): Promise<Unenforced> =>
  post<Unenforced>(apiPath(['guards', guard, 'unenforce']))

/** The button that takes an enforcement back, and its question. */
export function Unenforce({
  guard,
  disabled,
  onChanged,
}: {
  readonly guard: GuardDetail
  readonly disabled: boolean
  readonly onChanged: () => void
}) {
  const [asking, setAsking] = useState(false)
  const drop = async () => {
    const { dropped, kept, left } = await unenforce(guard.name)
    const still = kept.length > 0 ? ` ${kept.join(', ')} covers it still: it is not ours.` : ''
    const rest = left.length > 0 ? ` To be run by hand: ${left.join('; ')}` : ''
    say(`${some(dropped.length, 'statement')} ran: the index is gone.${still}${rest}`, 'cancelled')
    onChanged()
  }
  return (
    <>
      <p>
        <button
          type="button"
          class="danger-line"
          disabled={disabled}
          onClick={() => setAsking(true)}
        >
          Stop enforcing
        </button>
      </p>
      {asking && (
        <Confirm
          title={`Stop enforcing ${guard.name}?`}
          action="Drop the index"
          danger
          reasonless
          onConfirm={drop}
          onClose={() => setAsking(false)}
        >
          <GivenUp guard={guard} />
        </Confirm>
      )}
    </>
  )
}
