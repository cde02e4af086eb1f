import type { Growth, GrowthSource, ScanReport } from '../../index.ts'
import { minute } from '../growth-report.ts'
import { count, shorten, some } from '../text.ts'
import { card, cellTable, chart } from './blocks.ts'
import { html, type Markup } from './markup.ts'
import { LONGEST } from './values.ts'

const STEP_SECONDS = { minute: 60, hour: 3600, day: 86_400, week: 604_800, month: 2_629_800 }

/** Beyond that the bars of the excess rows would not be seen beside those of all rows. */
const TOO_MANY = 8

const isBeside = ({ buckets }: Growth): boolean =>
  Math.max(...buckets.map(({ rows }) => rows)) <=
  TOO_MANY * Math.max(...buckets.map(({ excess }) => excess))

/** What the chart over time is drawn from: seconds since 1970, all rows, excess rows. */
export const growthData = (growth: Growth) => ({
  unit: growth.unit,
  step: STEP_SECONDS[growth.unit],
  beside: isBeside(growth),
  buckets: growth.buckets.map(({ at, rows, excess }) => [Date.parse(at) / 1000, rows, excess]),
})

const COLUMNS = [
  { title: 'UTC' },
  { title: 'excess rows', isNumber: true },
  { title: 'all rows', isNumber: true },
]

function growthChart(growth: Growth, place: number): Markup {
  const legend = [
    { text: `excess rows by the ${growth.unit}`, isExcess: true },
    ...(isBeside(growth) ? [{ text: 'all rows', isExcess: false }] : []),
  ]
  const rows = growth.buckets.map(({ at, rows: all, excess }) => [
    minute(at),
    count(excess),
    count(all),
  ])
  return chart('growth', place, legend, cellTable(COLUMNS, rows))
}

const TITLE = 'When they were made'

/** When the excess rows were made; nothing where there is none, or it was not asked for. */
export function growthCard({ growth, growthUnknown, duplicates }: ScanReport, place: number) {
  if (duplicates.excess === 0) return undefined
  if (growthUnknown !== undefined) {
    return card(TITLE, html`<p class="soft">Not known: ${growthUnknown}</p>`)
  }
  if (!growth) return undefined
  const { rhythm, excess, first, last, column } = growth
  const span = `${some(excess, 'excess row')} from ${minute(first)} to ${minute(last)} UTC, by `
  return card(TITLE, [
    html`${rhythm && html`<p class="rhythm">${rhythm.text}</p>`}`,
    html`<p class="soft">${span}<code>${column}</code></p>`,
    growthChart(growth, place),
  ])
}

const source = ({ column, value, excess, groups }: GrowthSource, most: number): Markup => {
  const width = Math.round((100 * excess) / most)
  return html`<div class="source"><span><span class="soft">${column}</span>
    <code>${shorten(value, LONGEST)}</code></span>
    <span>${some(excess, 'row')} <span class="soft">in ${some(groups, 'group')}</span></span>
    <span class="bar"><i style="width:${width}%"></i></span></div>`
}

/** What the excess rows have in common; nothing where that is nothing. */
export function sourcesCard({ growth }: ScanReport): Markup | undefined {
  if (!growth || growth.sources.length === 0) return undefined
  const most = Math.max(...growth.sources.map(({ excess }) => excess))
  return card(
    'What made them',
    growth.sources.map((each) => source(each, most)),
  )
}
