import type { Finding, ScanReport } from '../../index.ts'
import { count, some } from '../text.ts'
import { card, cellTable, chart } from './blocks.ts'
import { groupsCard, overlapsCard } from './groups.ts'
import { growthCard, sourcesCard } from './growth.ts'
import { html, type Markup } from './markup.ts'
import { prose } from './values.ts'

const headline = ({ duplicates, rows }: ScanReport): string =>
  duplicates.excess === 0
    ? `No duplicates among ${some(rows, 'row')}`
    : `${count(duplicates.excess)} of ${some(rows, 'row')} ` +
      `${duplicates.excess === 1 ? 'is a duplicate' : 'are duplicates'}`

function* sentences({ growth, coverage, duplicates }: ScanReport): Generator<string> {
  if (growth?.rhythm) yield `They were made ${growth.rhythm.text}.`
  const [index] = coverage.indexes
  if (coverage.enforced && index) yield `${index.name} keeps new ones out.`
  else if (coverage.enforced === false) {
    yield duplicates.excess > 0
      ? 'No unique index covers the key: nothing stops the next one.'
      : 'No unique index covers the key: nothing stops the first one.'
  }
}

const figure = (name: string, value: number, isBad = false): Markup =>
  html`<div${isBad && html` class="bad"`}><dt>${name}</dt><dd>${count(value)}</dd></div>`

function shareBar(share: number): Markup {
  const width = share === 0 ? 100 : Math.max(0.5, share)
  return html`<div class="share${share === 0 && ' none'}" role="img"
    aria-label="${share.toFixed(1)} % of the rows are in excess"><i
    style="width:${width.toFixed(2)}%"></i></div>`
}

function verdict(report: ScanReport): Markup {
  const { duplicates, rows } = report
  const { groups, excess, largest } = duplicates
  const bad = excess > 0
  const figures = [
    figure('rows', rows),
    figure('duplicate groups', groups, bad),
    figure('excess rows', excess, bad),
    figure('rows in the largest group', largest[0]?.rows ?? 0, bad),
  ]
  return html`<section class="card verdict"><h2>${headline(report)}</h2>
    <p class="lead">${[...sentences(report)].join(' ')}</p>
    ${shareBar(rows === 0 ? 0 : (100 * excess) / rows)}
    <dl class="figures">${figures}</dl></section>`
}

const finding = ({ code, message, fix }: Finding): Markup =>
  html`<div class="finding"><code>${code}</code><div><p>${prose(message)}</p>
    <p class="fix"><b>Fix</b>${prose(fix)}</p></div></div>`

const findingsCard = ({ findings }: ScanReport): Markup =>
  findings.length === 0
    ? card('Findings', html`<p>None: the key holds.</p>`)
    : card('Findings and what to do', findings.map(finding))

const SIZE_COLUMNS = [
  { title: 'rows', isNumber: true },
  { title: 'groups', isNumber: true },
]

function sizesCard({ duplicates: { sizes } }: ScanReport, place: number): Markup | undefined {
  if (sizes.length === 0) return undefined
  const legend = [{ text: 'groups by the number of their rows', isExcess: true }]
  const rows = sizes.map((size) => [count(size.rows), count(size.groups)])
  const figures = cellTable(SIZE_COLUMNS, rows)
  return card('How large the groups are', chart('sizes', place, legend, figures))
}

function charts(report: ScanReport, place: number): Markup | false {
  const growth = growthCard(report, place)
  const sizes = sizesCard(report, place)
  if (!growth && !sizes) return false
  const both = report.growth !== undefined && sizes !== undefined
  return html`<div class="charts${both && ' two'}">${growth}${sizes}</div>`
}

const fact = (name: string, value: string): Markup =>
  html`<span>${name} <code>${value}</code></span>`

/**
 * What a scan says of one guard, as a section of a page.
 *
 * @param place of the report among those of the page
 */
export function guardSection(report: ScanReport, place: number): Markup {
  const { guard, table, where } = report
  const facts = [
    fact('guard', guard),
    fact('table', table),
    ...(where === undefined ? [] : [fact('where', where)]),
  ]
  return html`<section class="guard" id="guard-${place}"><div class="facts">${facts}</div>
    ${verdict(report)}${charts(report, place)}${findingsCard(report)}${sourcesCard(report)}
    ${groupsCard(report)}${overlapsCard(report)}</section>`
}
