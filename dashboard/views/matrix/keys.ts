import type { Place } from './selection.ts'

/** How large a grid is, and how many rows a page of it has. */
export interface Extent {
  readonly rows: number
  readonly columns: number
  readonly pageRows: number
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value))

/**
 * Where a key leads from a place; undefined for a key that does not move. Column -1, the name of
 * the row, is reached by the arrow alone.
 */
export function moved(
  event: { readonly key: string; readonly ctrlKey: boolean; readonly metaKey: boolean },
  { row, column }: Place,
  { rows, columns, pageRows }: Extent,
): Place | undefined {
  const far = event.ctrlKey || event.metaKey
  const to = (toRow: number, toColumn: number): Place => ({
    row: clamp(toRow, 0, rows - 1),
    column: clamp(toColumn, -1, columns - 1),
  })
  switch (event.key) {
    case 'ArrowUp':
      return to(row - 1, column)
    case 'ArrowDown':
      return to(row + 1, column)
    case 'ArrowLeft':
      return to(row, column - 1)
    case 'ArrowRight':
      return to(row, column + 1)
    case 'PageUp':
      return to(row - pageRows, column)
    case 'PageDown':
      return to(row + pageRows, column)
    case 'Home':
      return to(far ? 0 : row, 0)
    case 'End':
      return to(far ? rows - 1 : row, columns - 1)
    default:
      return undefined
  }
}
