import type { MatrixRow } from '../../contract.ts'
import { Glyph, lookOf } from '../../parts/state.tsx'
import { href } from '../../route.ts'
import { nameOf, stateAt } from './cell-state.ts'
import { type Geometry, px } from './geometry.ts'
import { wordsOf } from './period.ts'
import { isPicked, type Picked, type Place } from './selection.ts'

/** What a row of the grid is drawn from. */
export interface RowProps {
  readonly guard: string
  readonly rows: readonly MatrixRow[]
  readonly place: number
  readonly periods: readonly string[]
  /** The places of the columns in sight. */
  readonly columns: readonly number[]
  readonly measures: Geometry
  readonly picked: Picked
  /** The place that the keyboard is at. */
  readonly active: Place
}

/** One entity of the grid: its name, which leads to its calendar, and a cell for each period. */
export function GridRow(props: RowProps) {
  const { rows, place, columns, measures } = props
  const row = rows[place]
  const size = { top: px(measures.head + place * measures.row), height: px(measures.row) }
  if (!row) return <div class="matrix-row waiting" aria-hidden="true" style={size} />
  return (
    <div class="matrix-row" role="row" aria-rowindex={place + 2} style={size}>
      <div
        class="matrix-name"
        role="rowheader"
        aria-colindex={1}
        style={{ width: px(measures.name) }}
      >
        <Name {...props} row={row} />
      </div>
      {columns.map((column) => (
        <Cell key={column} {...props} row={row} column={column} />
      ))}
    </div>
  )
}

// No address can name the entity that is NULL, so it has no calendar.
function Name({ guard, place, active, row }: RowProps & { readonly row: MatrixRow }) {
  const { label, entity } = row
  const common = {
    'data-row': place,
    'data-column': -1,
    tabIndex: active.row === place && active.column === -1 ? 0 : -1,
    title: label && entity ? `${label} · ${entity}` : nameOf(row),
  }
  if (entity === null) return <span {...common}>{nameOf(row)}</span>
  return (
    <a {...common} href={href(['guards', guard, 'calendar'], { entity })}>
      {nameOf(row)}
    </a>
  )
}

function Cell({
  rows,
  row,
  place,
  column,
  periods,
  measures,
  picked,
  active,
}: RowProps & { readonly row: MatrixRow; readonly column: number }) {
  const state = stateAt(row, column)
  const here = { row: place, column }
  const selected = isPicked(picked, { rows, periods }, here)
  const isHere = active.row === place && active.column === column
  const count = row.counts?.[column] ?? 1
  const words = `${nameOf(row)}, ${wordsOf(periods[column] ?? '')}: ${state ?? 'nothing'}`
  return (
    <div
      class={`cell ${state ? `cell-${state}` : 'cell-nothing'}`}
      role="gridcell"
      aria-colindex={column + 2}
      aria-selected={selected}
      aria-label={count > 1 ? `${words}, ${count} keys` : words}
      title={words}
      data-row={place}
      data-column={column}
      tabIndex={isHere ? 0 : -1}
      style={{ left: px(measures.name + column * measures.column), width: px(measures.column) }}
    >
      <span>
        {state ? <Glyph name={lookOf(state).glyph} /> : <Glyph name="dot" />}
        {count > 1 && <b>{count}</b>}
      </span>
    </div>
  )
}
