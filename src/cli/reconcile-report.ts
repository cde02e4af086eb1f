import type { ReconcileCounts, Reconciliation } from '../index.ts'
import type { Page } from './output.ts'
import { keyInWords } from './run-report.ts'
import { table } from './table.ts'
import { count, oneLine, shorten, some } from './text.ts'

const COUNTS = [
  'expected',
  'made',
  'missing',
  'extra',
  'duplicate',
  'in_flight',
  'failed',
] as const satisfies readonly (keyof ReconcileCounts)[]

const LISTED = ['missing', 'extra', 'duplicate', 'in_flight'] as const

const spoken = (name: string): string => name.replaceAll('_', ' ')

const cellsOf = (counts: ReconcileCounts): string[] => COUNTS.map((name) => count(counts[name]))

const isComplete = ({ expected, made, extra, duplicate }: ReconcileCounts): boolean =>
  made === expected && extra === 0 && duplicate === 0

function counts({ periods, totals }: Reconciliation, { columns, colors }: Page): string[] {
  const open = periods.filter((period) => !isComplete(period))
  const complete = periods.length - open.length
  const rows = open.map((period) => [String(period.period ?? 'NULL'), ...cellsOf(period)])
  const titles = [
    { title: 'period' },
    ...COUNTS.map((name) => ({ title: spoken(name), align: 'right' as const })),
  ]
  const shown = periods.length > 1 ? rows : []
  return [
    ...table(titles, [...shown, ['all', ...cellsOf(totals)]], columns, colors.bold),
    ...(shown.length > 0 && complete > 0 ? [`and ${some(complete, 'complete period')}`] : []),
  ]
}

const SHOWN_KEYS = 10

// So many are answered with at most; how many there are, the counts above say.
const ANSWERED_KEYS = 1000

function unseen(answered: number, shown: number): string[] {
  if (answered === shown) return []
  return answered < ANSWERED_KEYS
    ? [`  and ${count(answered - shown)} more; --json lists them all`]
    : [`  and more; --json lists the first ${count(answered)}`]
}

function keys(found: Reconciliation, name: (typeof LISTED)[number], page: Page): string[] {
  if (found[name].length === 0) return []
  const lines = found[name]
    .slice(0, SHOWN_KEYS)
    .map((key) => `  ${shorten(oneLine(keyInWords(key)), page.columns - 2)}`)
  return ['', page.colors.bold(spoken(name)), ...lines, ...unseen(found[name].length, lines.length)]
}

/** A reconciliation as lines for people: periods that are not complete, and the first keys. */
export function renderReconciliation(found: Reconciliation, page: Page): readonly string[] {
  const { invalid } = found
  return [
    ...counts(found, page),
    ...(invalid > 0 ? ['', `${some(invalid, 'expected unit')} whose key no row can have`] : []),
    ...LISTED.flatMap((name) => keys(found, name, page)),
  ]
}
