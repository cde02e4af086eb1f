import type { DuplicateGroup, OverlapCluster, ScanReport } from '../../index.ts'
import { count, some } from '../text.ts'
import { card, cellTable } from './blocks.ts'
import { html, type Markup } from './markup.ts'
import { keyOf, shownValue } from './values.ts'

type Row = DuplicateGroup['keeper']

/** Rows as a table, the name of what becomes of each before it where there is one. */
function rowTable(rows: readonly Row[], tag?: (at: number) => Markup): Markup {
  const names = Object.keys(rows[0] ?? {})
  const columns = [...(tag ? [''] : []), ...names].map((title) => ({ title }))
  const cells = rows.map((row, at) => [
    ...(tag ? [tag(at)] : []),
    ...names.map((name) => html`<div class="value">${shownValue(row[name])}</div>`),
  ])
  return cellTable(columns, cells)
}

const KEEP = html`<span class="tag keep">keep</span>`
const REMOVE = html`<span class="tag">remove</span>`

const more = (unseen: number): Markup | false =>
  unseen > 0 && html`<p class="soft">and ${some(unseen, 'more row')}</p>`

// The first few tell what the others are like.
const OPEN = 3

/** One group: its key as the line that opens it, and its rows. */
const block = (at: number, rows: number, key: readonly Markup[], shown: Markup): Markup => {
  const count = html`<span class="count">${some(rows, 'row')}</span>`
  const open = at < OPEN && html` open`
  return html`<details class="group"${open}><summary>${count}${key}</summary>${shown}</details>`
}

const group = ({ key, rows, keeper, losers }: DuplicateGroup, at: number): Markup => {
  const table = rowTable([keeper, ...losers], (place) => (place === 0 ? KEEP : REMOVE))
  return block(at, rows, keyOf(key), html`${table}${more(rows - 1 - losers.length)}`)
}

const cluster = ({ key, rows, keys, span, members }: OverlapCluster, at: number): Markup =>
  block(
    at,
    rows,
    keyOf({ ...key, span, keys }),
    html`${rowTable(members)}${more(rows - members.length)}`,
  )

const title = (shown: number, all: number, what: string): string =>
  all > shown ? `The ${shown} largest of ${count(all)} ${what}` : `All ${count(all)} ${what}`

/** The largest duplicate groups with the row to keep and rows to remove. */
export const groupsCard = ({ duplicates: { largest, groups } }: ScanReport): Markup | false =>
  groups > 0 &&
  card(
    groups === 1 ? 'The duplicate group' : title(largest.length, groups, 'duplicate groups'),
    largest.map(group),
  )

/** The largest clusters of ranges that overlap. */
export const overlapsCard = ({ overlaps }: ScanReport): Markup | false =>
  overlaps !== undefined &&
  overlaps.clusters > 0 &&
  card(
    overlaps.clusters === 1
      ? 'The cluster of overlapping ranges'
      : title(overlaps.largest.length, overlaps.clusters, 'clusters of overlapping ranges'),
    overlaps.largest.map(cluster),
  )
