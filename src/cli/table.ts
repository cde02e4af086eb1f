import { displayWidth, oneLine, shorten } from './text.ts'

/** A column of a table for people. */
export interface TableColumn {
  readonly title: string
  /** Numbers stand at the right. Default left. */
  readonly align?: 'left' | 'right'
  /** `last`: the others are cut before it is. Default first. */
  readonly yields?: 'first' | 'last'
}

const GAP = 2
const NARROWEST = 8

const pad = (text: string, width: number, align: TableColumn['align']): string => {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'right' ? spaces + text : text + spaces
}

// The widest of some columns gives way first, so that short ones such as counts are never cut.
function narrowed(widths: number[], places: readonly number[], room: number): void {
  let over = widths.reduce((sum, width) => sum + width + GAP, -GAP) - room
  while (over > 0) {
    const widest = Math.max(...places.map((place) => widths[place] ?? 0))
    const place = places.find((each) => widths[each] === widest)
    if (place === undefined || widest <= NARROWEST) break
    widths[place] = widest - 1
    over--
  }
}

function fitTo(widths: readonly number[], columns: readonly TableColumn[], room: number) {
  const fitted = [...widths]
  const places = [...columns.keys()]
  narrowed(
    fitted,
    places.filter((each) => columns[each]?.yields !== 'last'),
    room,
  )
  narrowed(fitted, places, room)
  return fitted
}

/**
 * Lines of a table whose columns stand under each other, also with wide characters in them.
 *
 * @param room columns of the terminal; cells are cut to fit. Infinity cuts nothing
 * @param heading how the line of titles is dressed
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  room: number = Number.POSITIVE_INFINITY,
  heading: (line: string) => string = (line) => line,
): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(oneLine))]
  const widths = columns.map((_, place) =>
    Math.max(...cells.map((row) => displayWidth(row[place] ?? ''))),
  )
  const fitted = fitTo(widths, columns, room)
  const lines = cells.map((row) =>
    columns
      .map(({ align }, place) => {
        const width = fitted[place] ?? 0
        return pad(shorten(row[place] ?? '', width), width, align)
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
  return lines.map((line, place) => (place === 0 ? heading(line) : line))
}
