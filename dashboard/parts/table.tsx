import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

/** A column: what a row shows in it, and, where sorting makes sense, what it is sorted by. */
export interface Column<Row> {
  readonly label: string
  readonly show: (row: Row) => ComponentChildren
  /** Sorts the rows that are here; leave it out where more rows are on the server. */
  readonly sort?: (row: Row) => string | number
  /** A number: to the right, with figures of one width. */
  readonly number?: boolean
  /** Takes the space that is left. */
  readonly wide?: boolean
}

interface Sorting {
  readonly column: number
  readonly down: boolean
}

/**
 * A table that is a list of cards on a phone. The caption is read aloud and not seen. `selected`
 * marks a row.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  selected,
}: {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly selected?: (row: Row) => boolean
}) {
  const [sorting, setSorting] = useState<Sorting | undefined>()
  const sorted = sort(rows, columns, sorting)
  return (
    <div class="table-box">
      <table class="table">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, place) => (
              <Heading
                key={column.label}
                column={column}
                down={sorting?.column === place ? sorting.down : undefined}
                onSort={() => setSorting(turned(sorting, place))}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)} class={selected?.(row) ? 'selected' : undefined}>
              {columns.map((column) => (
                <td key={column.label} class={classOf(column)} data-label={column.label}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Heading<Row>({
  column,
  down,
  onSort,
}: {
  readonly column: Column<Row>
  readonly down: boolean | undefined
  readonly onSort: () => void
}) {
  const order = down === undefined ? 'none' : down ? 'descending' : 'ascending'
  return (
    <th scope="col" class={classOf(column)} aria-sort={column.sort ? order : undefined}>
      {column.sort ? (
        <button type="button" class="sort" onClick={onSort}>
          {column.label}
          <span aria-hidden="true">{down === undefined ? '' : down ? ' ↓' : ' ↑'}</span>
        </button>
      ) : (
        column.label
      )}
    </th>
  )
}

const classOf = <Row,>({ number, wide }: Column<Row>): string | undefined =>
  number ? 'number' : wide ? 'wide' : undefined

const turned = (now: Sorting | undefined, column: number): Sorting | undefined => {
  if (now?.column !== column) return { column, down: false }
  return now.down ? undefined : { column, down: true }
}

function sort<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const by = sorting && columns[sorting.column]?.sort
  if (!by) return rows
  const turn = sorting.down ? -1 : 1
  return rows.toSorted((left, right) => {
    const [a, b] = [by(left), by(right)]
    return a === b ? 0 : (a < b ? -1 : 1) * turn
  })
}
