import type { CellState, MatrixPage, MatrixRow } from '../../contract.ts'
import { CELL_STATES, stateAt } from './cell-state.ts'

/** A place in the grid, from 0; column -1 is the name of the entity. */
export interface Place {
  readonly row: number
  readonly column: number
}

/**
 * What is selected: every cell in some states, also those that are not on the page; or cells one by
 * one, with the rectangle that is being drawn from `anchor` to `head`.
 */
export type Picked =
  | { readonly kind: 'states'; readonly states: readonly CellState[] }
  | {
      readonly kind: 'cells'
      readonly cells: ReadonlySet<string>
      readonly anchor: Place | undefined
      readonly head: Place | undefined
    }

/** Nothing is selected. */
export const NOTHING: Picked = {
  kind: 'cells',
  cells: new Set(),
  anchor: undefined,
  head: undefined,
}

/** More cells one by one than a request should carry: select by state instead. */
export const MOST_CELLS = 10_000

/** A cell of a selection, as the server is told of it. */
export interface SelectedCell {
  readonly entity: string | null
  readonly period: string
  readonly state: CellState
}

interface Shown {
  readonly rows: readonly MatrixRow[]
  readonly periods: readonly string[]
}

/** What a cell is known by; it stays the same when rows move. */
export const cellId = (entity: string | null, period: string): string =>
  JSON.stringify([entity, period])

const between = (value: number, one: number, other: number): boolean =>
  value >= Math.min(one, other) && value <= Math.max(one, other)

const inRectangle = ({ row, column }: Place, anchor?: Place, head?: Place): boolean =>
  anchor !== undefined &&
  head !== undefined &&
  between(row, anchor.row, head.row) &&
  between(column, anchor.column, head.column)

/** Whether the cell at a place is selected; one in which there is nothing never is. */
export function isPicked(picked: Picked, shown: Shown, place: Place): boolean {
  const row = shown.rows[place.row]
  const state = row && stateAt(row, place.column)
  if (!row || !state) return false
  if (picked.kind === 'states') return picked.states.includes(state)
  if (inRectangle(place, picked.anchor, picked.head)) return true
  return picked.cells.has(cellId(row.entity, shown.periods[place.column] ?? ''))
}

/** The cells that are selected one by one. */
export function cellsOf(picked: Picked, shown: Shown): readonly SelectedCell[] {
  if (picked.kind === 'states') return []
  return shown.rows.flatMap((line, row) =>
    shown.periods.flatMap((period, column) => {
      const state = stateAt(line, column)
      if (!state || !isPicked(picked, shown, { row, column })) return []
      return [{ entity: line.entity, period, state }]
    }),
  )
}

/** How many cells of each state are selected; by state they are counted over the whole matrix. */
export function countsOf(
  picked: Picked,
  totals: MatrixPage['totals'],
  cells: readonly SelectedCell[],
): Readonly<Partial<Record<CellState, number>>> {
  if (picked.kind === 'states') {
    return Object.fromEntries(picked.states.map((state) => [state, totals[state] ?? 0]))
  }
  const counts: Partial<Record<CellState, number>> = {}
  for (const { state } of cells) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

// The cells so far one by one, the rectangle among them.
function settled(picked: Picked, shown: Shown): ReadonlySet<string> {
  return new Set(cellsOf(picked, shown).map(({ entity, period }) => cellId(entity, period)))
}

/** Begins a rectangle at a place; what was selected stays where `add` is set. */
export function begin(picked: Picked, shown: Shown, place: Place, add: boolean): Picked {
  const cells = add ? settled(picked, shown) : new Set<string>()
  return { kind: 'cells', cells, anchor: place, head: place }
}

/** Draws the rectangle to a place; it begins where the last one did, or else at `from`. */
export function extend(picked: Picked, place: Place, from: Place): Picked {
  if (picked.kind === 'cells' && picked.anchor) return { ...picked, head: place }
  return { kind: 'cells', cells: new Set(), anchor: from, head: place }
}

/** Takes one cell into the selection, or out of it. */
export function toggle(picked: Picked, shown: Shown, place: Place): Picked {
  const row = shown.rows[place.row]
  const cells = new Set(settled(picked, shown))
  const id = cellId(row?.entity ?? null, shown.periods[place.column] ?? '')
  if (!cells.delete(id)) cells.add(id)
  return { kind: 'cells', cells, anchor: undefined, head: undefined }
}

/** Selects everything that there is. */
export const everything = (states: readonly CellState[]): Picked => ({
  kind: 'states',
  states: states.length > 0 ? states : CELL_STATES,
})
