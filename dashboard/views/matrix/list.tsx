import type { CellState, MatrixPage, MatrixRow } from '../../contract.ts'
import { State } from '../../parts/state.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { href } from '../../route.ts'
import { CELL_STATES, nameOf, stateAt } from './cell-state.ts'
import { headOf, wordsOf } from './period.ts'

const MOST_PERIODS = 14

/** The matrix as a table of entities: how many are done, and which periods are not. */
export function MatrixList({
  guard,
  page,
  rows,
  onOpen,
  onMore,
}: {
  readonly guard: string
  readonly page: MatrixPage
  readonly rows: readonly MatrixRow[]
  readonly onOpen: (row: MatrixRow, period: string) => void
  readonly onMore: () => void
}) {
  const calm: readonly CellState[] = ['done', 'skipped']
  const states = CELL_STATES.filter((state) => (page.totals[state] ?? 0) > 0)
  const columns: readonly Column<MatrixRow>[] = [
    {
      label: page.entity,
      show: (row) => (
        <a href={href(['guards', guard, 'calendar'], { entity: row.entity ?? undefined })}>
          {nameOf(row)}
        </a>
      ),
      sort: nameOf,
    },
    ...states.map(
      (state): Column<MatrixRow> => ({
        label: state,
        number: calm.includes(state),
        show: (row) =>
          calm.includes(state) ? (
            placesIn(row, state).length
          ) : (
            <Periods row={row} state={state} page={page} onOpen={onOpen} />
          ),
        sort: (row) => placesIn(row, state).length,
      }),
    ),
  ]
  return (
    <>
      <Table
        caption={`${page.entity} by ${page.period}`}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.entity ?? ''}
      />
      {rows.length < page.entities && (
        <div class="pager">
          <span class="soft">
            {rows.length.toLocaleString()} of {page.entities.toLocaleString()}
          </span>
          <button type="button" onClick={onMore}>
            Show more
          </button>
        </div>
      )}
    </>
  )
}

const placesIn = (row: MatrixRow, state: CellState): readonly number[] =>
  Array.from(row.states, (_, column) => column).filter((column) => stateAt(row, column) === state)

function Periods({
  row,
  state,
  page,
  onOpen,
}: {
  readonly row: MatrixRow
  readonly state: CellState
  readonly page: MatrixPage
  readonly onOpen: (row: MatrixRow, period: string) => void
}) {
  const places = placesIn(row, state)
  if (places.length === 0) return <span class="soft">–</span>
  return (
    <span class="period-list">
      <State name={state} count={places.length} quiet />
      {places.slice(0, MOST_PERIODS).map((column) => {
        const period = page.periods[column] ?? ''
        return (
          <button
            key={period}
            type="button"
            class="period-link"
            title={wordsOf(period)}
            aria-label={`${nameOf(row)}, ${wordsOf(period)}`}
            onClick={() => onOpen(row, period)}
          >
            {headOf(period)}
          </button>
        )
      })}
      {places.length > MOST_PERIODS && (
        <span class="soft">and {places.length - MOST_PERIODS} more</span>
      )}
    </span>
  )
}
