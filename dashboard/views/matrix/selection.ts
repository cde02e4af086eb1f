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
      /** Whether the rectangle goes on from its anchor; after a move it begins anew. */
      readonly open: boolean
    }

/** Nothing is selected. */
export const NOTHING: Extract<Picked, { kind: 'cells' }> = {
  kind: 'cells',
  cells: new Set(),
  anchor: undefined,
  head: undefined,
  open: false,
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

// What a cell is known by; it stays the same when rows move.
const cellId = (entity: string | null, period: string): string => JSON.stringify([entity, period])

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
  return (
    picked.cells.size > 0 && picked.cells.has(cellId(row.entity, shown.periods[place.column] ?? ''))
  )
}

/** The cells that are selected one by one. */
export function cellsOf(picked: Picked, shown: Shown): readonly SelectedCell[] {
  if (picked.kind === 'states') return []
  const found = new Map<string, SelectedCell>()
  const take = (row: number, column: number) => {
    const line = shown.rows[row]
    const period = shown.periods[column]
    const state = line && stateAt(line, column)
    if (!state || period === undefined) return
    found.set(cellId(line.entity, period), { entity: line.entity, period, state })
  }
  for (const { row, column } of placesIn(picked.cells, shown)) take(row, column)
  const { anchor, head } = picked
  if (!anchor || !head) return [...found.values()]
  const [top, bottom] = [anchor.row, head.row].sort((one, other) => one - other)
  const [left, right] = [anchor.column, head.column].sort((one, other) => one - other)
  for (let row = top ?? 0; row <= (bottom ?? -1); row++) {
    for (let column = left ?? 0; column <= (right ?? -1); column++) take(row, column)
  }
  return [...found.values()]
}

// Where the cells stand now; rows that are no longer here have none.
function placesIn(cells: ReadonlySet<string>, { rows, periods }: Shown): readonly Place[] {
  if (cells.size === 0) return []
  const lines = new Map(rows.map(({ entity }, place) => [entity, place]))
  const columns = new Map(periods.map((period, place) => [period, place]))
  return [...cells].flatMap((id) => {
    const [entity, period]: readonly [string | null, string] = JSON.parse(id)
    const [row, column] = [lines.get(entity), columns.get(period)]
    return row === undefined || column === undefined ? [] : [{ row, column }]
  })
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
  return { kind: 'cells', cells, anchor: place, head: place, open: true }
}

/** Draws the rectangle to a place; it begins where the open one did, or else at `from`. */
export function extend(picked: Picked, place: Place, from: Place): Picked {
  if (picked.kind === 'cells' && picked.open) return { ...picked, head: place }
  return { kind: 'cells', cells: new Set(), anchor: from, head: place, open: true }
}

/** Ends the rectangle as it is: the keyboard went on without it. */
export const release = (picked: Picked): Picked =>
  picked.kind === 'cells' && picked.open ? { ...picked, open: false } : picked

/** Takes one cell into the selection, or out of it. */
export function toggle(picked: Picked, shown: Shown, place: Place): Picked {
  const row = shown.rows[place.row]
  const cells = new Set(settled(picked, shown))
  const id = cellId(row?.entity ?? null, shown.periods[place.column] ?? '')
  if (!cells.delete(id)) cells.add(id)
  return { ...NOTHING, cells }
}

/** Selects everything that there is. */
export const everything = (states: readonly CellState[]): Picked => ({
  kind: 'states',
  states: states.length > 0 ? states : CELL_STATES,
})
