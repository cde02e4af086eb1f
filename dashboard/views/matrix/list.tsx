import { CELL_LETTERS, type CellState, type MatrixPage, type MatrixRow } from '../../contract.ts'
import { State } from '../../parts/state.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { href } from '../../route.ts'
import { CELL_STATES, nameOf, stateAt, UNDONE } from './cell-state.ts'
import { shortOf, wordsOf } from './period.ts'

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
    {
      label: 'done',
      number: true,
      show: (row) => doneIn(row),
      sort: doneIn,
    },
    {
      label: 'everything else',
      wide: true,
      show: (row) => <Others {...{ row, page, onOpen }} />,
      sort: (row) => Array.from(row.states).filter((letter) => UNDONE_LETTERS.has(letter)).length,
    },
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

const CALM: readonly CellState[] = ['done', 'skipped']
const UNDONE_LETTERS: ReadonlySet<string> = new Set(UNDONE.map((state) => CELL_LETTERS[state]))

const placesIn = (row: MatrixRow, state: CellState): readonly number[] =>
  Array.from(row.states, (_, column) => column).filter((column) => stateAt(row, column) === state)

const doneIn = (row: MatrixRow): number =>
  CALM.reduce((count, state) => count + placesIn(row, state).length, 0)

interface OthersProps {
  readonly row: MatrixRow
  readonly page: MatrixPage
  readonly onOpen: (row: MatrixRow, period: string) => void
}

function Others(props: OthersProps) {
  const states = CELL_STATES.filter(
    (state) => !CALM.includes(state) && placesIn(props.row, state).length > 0,
  )
  if (states.length === 0) return <span class="soft">–</span>
  return (
    <div class="other-states">
      {states.map((state) => (
        <Periods key={state} {...props} state={state} />
      ))}
    </div>
  )
}

function Periods({ row, state, page, onOpen }: OthersProps & { readonly state: CellState }) {
  const places = placesIn(row, state)
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
            {shortOf(period)}
          </button>
        )
      })}
      {places.length > MOST_PERIODS && (
        <span class="soft">and {places.length - MOST_PERIODS} more</span>
      )}
    </span>
  )
}
