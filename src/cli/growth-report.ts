import type { Growth, GrowthBucket, ScanReport } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, oneLine, some } from './text.ts'

const BARS = '▁▂▃▄▅▆▇█'
const CHART_WIDTH = 60
const WIDEST_BAR = 6

const HEIGHTS = BARS.length

/** A moment in UTC to the minute, as people read it: `2025-10-16 11:04`. */
export const minute = (moment: string): string => moment.slice(0, 16).replace('T', ' ')

// Neighbours are taken together until the chart fits.
function fitted(buckets: readonly GrowthBucket[], cells: number): readonly number[] {
  const each = Math.ceil(buckets.length / cells)
  return Array.from({ length: Math.ceil(buckets.length / each) }, (_, at) =>
    buckets.slice(at * each, (at + 1) * each).reduce((sum, { excess }) => sum + excess, 0),
  )
}

const bar = (value: number, most: number): string =>
  value === 0 ? ' ' : (BARS[Math.ceil((value / most) * HEIGHTS) - 1] ?? ' ')

function chart({ buckets }: Growth, columns: number): readonly string[] {
  const cells = fitted(buckets, Math.min(CHART_WIDTH, columns - 2))
  const most = Math.max(...cells)
  const width = Math.min(WIDEST_BAR, Math.floor(CHART_WIDTH / cells.length))
  if (cells.length < 2) return []
  return [
    cells
      .map((value) => bar(value, most).repeat(width))
      .join('')
      .trimEnd(),
    '─'.repeat(cells.length * width),
    `${minute(buckets[0]?.at ?? '')} … ${minute(buckets.at(-1)?.at ?? '')} UTC`,
  ]
}

function sources({ sources: found }: Growth, { colors, columns }: Page): readonly string[] {
  if (found.length === 0) return []
  const rows = found.map(({ column, value, excess, groups }) => [
    count(excess),
    count(groups),
    `${column}=${value}`,
  ])
  const titles = [
    { title: 'excess', align: 'right' as const },
    { title: 'groups', align: 'right' as const },
    { title: 'made by' },
  ]
  return ['', ...table(titles, rows, columns, colors.bold)]
}

/** When and by what the excess rows were made, as lines for people; none where it was not asked. */
export function renderGrowth({ growth, growthUnknown }: ScanReport, page: Page): readonly string[] {
  if (growthUnknown !== undefined) return ['', `growth is not known: ${oneLine(growthUnknown)}`]
  if (!growth) return []
  const { excess, first, last, column, rhythm, unit } = growth
  return [
    '',
    `${some(excess, 'excess row')} made from ${minute(first)} to ${minute(last)} UTC, ` +
      `by ${oneLine(column)}`,
    ...(rhythm ? [page.colors.bold(rhythm.text)] : []),
    '',
    `excess rows by the ${unit}`,
    ...chart(growth, page.columns),
    ...sources(growth, page),
  ]
}
