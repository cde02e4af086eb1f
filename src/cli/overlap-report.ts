import type { OverlapCluster, ScanReport } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, some } from './text.ts'
import { words } from './words.ts'

const rowsOf = ({ rows, members }: OverlapCluster): string => {
  const unseen = rows - members.length
  const more = unseen > 0 ? [`… ${count(unseen)} more`] : []
  return [...members.map(words), ...more].join(' · ')
}

/** The largest clusters of overlapping ranges, as lines for people; none where there is none. */
export function renderOverlaps({ overlaps }: ScanReport, { colors, columns }: Page) {
  if (!overlaps || overlaps.clusters === 0) return []
  const cells = overlaps.largest.map((cluster) => [
    count(cluster.rows),
    words(cluster.key),
    cluster.span,
    rowsOf(cluster),
  ])
  const titles = [
    { title: 'overlap', align: 'right' as const },
    { title: 'key', yields: 'last' as const },
    { title: 'span' },
    { title: 'rows' },
  ]
  const unseen = overlaps.clusters - overlaps.largest.length
  return [
    '',
    ...table(titles, cells, columns, colors.bold),
    ...(unseen > 0 ? [`and ${some(unseen, 'smaller cluster')}`] : []),
  ]
}
