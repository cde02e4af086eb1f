import { createHash } from 'node:crypto'
import type { ScanReport } from '../../index.ts'
import { count, some } from '../text.ts'
import { card, cellTable } from './blocks.ts'
import { SCRIPT } from './browser.ts'
import { chartLibrary } from './chart-library.ts'
import { growthData } from './growth.ts'
import { guardSection } from './guard-section.ts'
import { html, json, Markup } from './markup.ts'
import { STYLE } from './style.ts'

/** What the charts of one report are drawn from. */
const chartData = ({ growth, duplicates }: ScanReport) => ({
  ...(growth && { growth: growthData(growth) }),
  sizes: duplicates.sizes.map(({ rows, groups }) => [rows, groups]),
})

const OVERVIEW = [
  { title: 'guard' },
  { title: 'table' },
  ...['rows', 'groups', 'excess rows', 'findings'].map((title) => ({ title, isNumber: true })),
]

function overview(reports: readonly ScanReport[]): Markup | false {
  if (reports.length < 2) return false
  const rows = reports.map(({ guard, table, rows: all, duplicates, findings }, place) => [
    html`<a href="#guard-${place}">${guard}</a>`,
    table,
    ...[all, duplicates.groups, duplicates.excess, findings.length].map(count),
  ])
  return html`<section class="card">${cellTable(OVERVIEW, rows)}</section>`
}

const moment = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ')

const hashOf = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`

/** A guard that could not be scanned. */
export interface Unscanned {
  readonly guard: string
  readonly code: string
  readonly message: string
}

const unscannedCard = (unscanned: readonly Unscanned[]): Markup | false =>
  unscanned.length > 0 &&
  card(
    'Not scanned',
    unscanned.map(
      ({ guard, code, message }) =>
        html`<div class="finding"><code>${code}</code><p><b>${guard}</b>: ${message}</p></div>`,
    ),
  )

const policyOf = (scripts: readonly string[]): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    `script-src ${scripts.map(hashOf).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

const FOOTER = html`<footer>Made by <code>onceover scan</code>, which reads only. All times are in
  UTC. Rows in excess are those of a key beyond the first.</footer>`

/**
 * A page that holds everything it shows: it fetches nothing, and a policy of its own lets no script
 * run but those written here, whatever the values of the table are.
 *
 * @param made when the scan ended
 * @param unscanned guards that are missing in it
 */
export function renderPage(
  reports: readonly ScanReport[],
  made: Date,
  unscanned: readonly Unscanned[] = [],
): string {
  const library = chartLibrary()
  const scripts = [library.script, SCRIPT]
  const excess = reports.reduce((sum, { duplicates }) => sum + duplicates.excess, 0)
  const run = scripts.map((script) => html`<script>${new Markup(script)}</script>`)
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${some(excess, 'excess row')} · duplicate report</title>
<style>${new Markup(library.style + STYLE)}</style></head>
<body><header><h1>Duplicate report</h1><div class="facts"><span>${reports[0]?.target}</span>
<span>scanned ${moment(made)} UTC</span></div></header>
<main>${unscannedCard(unscanned)}${overview(reports)}${reports.map(guardSection)}</main>
${FOOTER}
<script type="application/json" id="data">${json(reports.map(chartData))}</script>${run}
</body></html>
`.text
}
