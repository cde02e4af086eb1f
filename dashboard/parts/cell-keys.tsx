import { useEffect } from 'preact/hooks'
import { apiPath } from '../api.ts'
import type { CellKeys } from '../contract.ts'
import { useResource } from '../resource.ts'
import { Dialog } from './dialog.tsx'
import { KeyText, keyHref } from './key-text.tsx'
import { Shown } from './notice.tsx'
import { State } from './state.tsx'

/** A cell of the matrix that is to be opened. */
export interface OpenedCell {
  readonly entity: string | null
  readonly period: string
  /** The entity and the period in words. */
  readonly title: string
}

/** Opens a cell: its key, or where it has several a choice of them. */
export function CellKeysDialog({
  guard,
  cell,
  from,
  to,
  onClose,
}: {
  readonly guard: string
  readonly cell: OpenedCell
  readonly from?: string | null
  readonly to?: string | null
  readonly onClose: () => void
}) {
  const path = apiPath(['guards', guard, 'cell'], {
    entity: cell.entity ?? undefined,
    period: cell.period,
    from: from ?? undefined,
    to: to ?? undefined,
  })
  const found = useResource<CellKeys>(path)
  const keys = found.data?.keys
  const single = keys?.length === 1 ? keys[0] : undefined
  useEffect(() => {
    if (single) location.hash = keyHref(guard, single.key)
  }, [single, guard])
  return (
    <Dialog title={cell.title} onClose={onClose}>
      <Shown of={found}>
        {({ keys }) =>
          keys.length === 0 ? (
            <p>Nothing is here, and nothing is expected.</p>
          ) : (
            <ul class="key-list with-state">
              {keys.map(({ key, state }) => (
                <li key={JSON.stringify(key)}>
                  <State name={state} /> <KeyText values={key} guard={guard} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Dialog>
  )
}
