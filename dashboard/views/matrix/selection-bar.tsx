import { useState } from 'preact/hooks'
import type { CellState, MatrixPage } from '../../contract.ts'
import { RunSelection, type SelectionFilter } from '../../parts/run-selection.tsx'
import { Totals } from '../../parts/totals.tsx'
import { guards, mayWrite } from '../../session.ts'
import { UNDONE } from './cell-state.ts'
import { countsOf, MOST_CELLS, type Picked, type SelectedCell } from './selection.ts'

/** What is selected, and what can be done with it. Nothing is shown where nothing is. */
export function SelectionBar({
  guard,
  page,
  q,
  picked,
  cells,
  onClear,
  onOpen,
}: {
  readonly guard: string
  readonly page: MatrixPage
  readonly q: string | undefined
  readonly picked: Picked
  readonly cells: readonly SelectedCell[]
  readonly onClear: () => void
  readonly onOpen: (cell: SelectedCell) => void
}) {
  const [action, setAction] = useState<'run' | 'retry' | undefined>()
  const [whole, setWhole] = useState(false)
  const counts = countsOf(picked, page.totals, cells)
  const total = sum(counts)
  // A dialog that was opened stays, whatever becomes of the cells meanwhile.
  if (total === 0 && !action) return null
  const mixed = UNDONE.some((state) => counts[state]) && sum(counts) > undone(counts)
  const states = mixed && !whole ? UNDONE : statesIn(counts)
  const filter = filterOf(picked, cells, states, page, q)
  const [only] = cells
  return (
    <section class="selection" aria-label="Selection">
      <p role="status">
        <b>{total.toLocaleString()}</b> {wordFor(picked, total)} <Totals of={counts} />
      </p>
      {mixed && <OnlyUndone on={!whole} onChange={(on) => setWhole(!on)} />}
      <div class="actions">
        {cells.length === 1 && only && (
          <button type="button" onClick={() => onOpen(only)}>
            Open
          </button>
        )}
        <Actions guard={guard} counts={counts} tooMany={cells.length > MOST_CELLS} on={setAction} />
      </div>
      <button
        type="button"
        class="plain clear"
        aria-label="Clear the selection"
        title="Clear the selection (Escape)"
        onClick={onClear}
      >
        <i class="glyph g-cross" aria-hidden="true" />
      </button>
      {action && (
        <RunSelection
          guard={guard}
          filter={action === 'retry' ? { ...filter, states: ['failed'] } : filter}
          action={action}
          onClose={() => setAction(undefined)}
          onStarted={onClear}
        />
      )}
    </section>
  )
}

function OnlyUndone({
  on,
  onChange,
}: {
  readonly on: boolean
  readonly onChange: (on: boolean) => void
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={on}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      only missing and failed
    </label>
  )
}

function Actions({
  guard,
  counts,
  tooMany,
  on,
}: {
  readonly guard: string
  readonly counts: Readonly<Partial<Record<CellState, number>>>
  readonly tooMany: boolean
  readonly on: (action: 'run' | 'retry') => void
}) {
  const known = guards.value.find(({ name }) => name === guard)
  if (!mayWrite()) return <span class="soft">Read only: nothing can be run from here.</span>
  if (known && !known.generator) {
    return <span class="soft">No generator makes this guard's rows, so none can be run here.</span>
  }
  if (tooMany)
    return <span class="soft">Too many cells one by one: use Ctrl A or the filters.</span>
  return (
    <>
      {(counts.failed ?? 0) > 0 && (
        <button type="button" onClick={() => on('retry')}>
          Retry failed
        </button>
      )}
      <button type="button" class="primary" onClick={() => on('run')}>
        Preview and run
      </button>
    </>
  )
}

// By state keys are counted, over the whole matrix; a cell can hold several.
const wordFor = ({ kind }: Picked, total: number): string => {
  const word = kind === 'states' ? 'key' : 'cell'
  return `${word}${total === 1 ? '' : 's'}${kind === 'states' ? ' in all' : ''}`
}

type Counts = Readonly<Partial<Record<CellState, number>>>

const sum = (counts: Counts): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)
const undone = (counts: Counts): number =>
  UNDONE.reduce((total, state) => total + (counts[state] ?? 0), 0)
const statesIn = (counts: Counts): readonly CellState[] =>
  (Object.keys(counts) as CellState[]).filter((state) => (counts[state] ?? 0) > 0)

function filterOf(
  picked: Picked,
  cells: readonly SelectedCell[],
  states: readonly CellState[],
  { from, to }: MatrixPage,
  q: string | undefined,
): SelectionFilter {
  const span = { ...(from !== null && { from }), ...(to !== null && { to }) }
  if (picked.kind === 'states') return { states, ...span, ...(q && { q }) }
  const chosen = cells.filter(({ state }) => states.includes(state))
  return { states, ...span, cells: chosen.map(({ entity, period }) => ({ entity, period })) }
}
