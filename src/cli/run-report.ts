import type { Progress, RunResult, StoredRun, Totals, WorkVerdict } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, span } from './text.ts'

/** The verdicts that leave something to do. */
const TROUBLES = ['invalid', 'failed', 'in_flight', 'cancelled'] as const

const spoken = (name: string): string => name.replaceAll('_', ' ')

const counted = (
  { rows: _, ...totals }: Totals,
  givenBack: number,
): [name: string, units: number][] =>
  Object.entries({ ...totals, cancelled: totals.cancelled - givenBack, given_back: givenBack })
    .filter(([, units]) => units > 0)
    .map(([name, units]) => [spoken(name), units])

/**
 * Totals in words: `1,200 created, 3 skipped`.
 *
 * @param givenBack how many of the cancelled were given back by a run that was stopped
 */
export const unitsInWords = (totals: Totals, givenBack = 0): string =>
  counted(totals, givenBack)
    .map(([name, units]) => `${count(units)} ${name}`)
    .join(', ') || 'no units'

/** How many units a run of the ledger gave back: only a cancelled one has cancelled any. */
export const givenBackBy = ({ state, totals }: Pick<StoredRun, 'state' | 'totals'>): number =>
  state === 'cancelled' ? 0 : totals.cancelled

/** True for a unit that was not begun because its run was stopped. */
export const isGivenBack = ({ verdict, reason }: WorkVerdict): boolean =>
  verdict === 'cancelled' && reason === 'the run was stopped'

/** True for a verdict to name the unit of; what a stopped run gave back is only counted. */
export const isTrouble = ({ verdict }: Pick<WorkVerdict, 'verdict'>): boolean =>
  verdict !== 'cancelled' && TROUBLES.some((name) => name === verdict)

/** True where a run was not done, or left units behind. */
export const isPartial = ({ state, totals }: Pick<RunResult, 'state' | 'totals'>): boolean =>
  state !== 'done' || TROUBLES.some((name) => totals[name] > 0)

/** A key in words: `day=2025-10-01 student=7`. */
export const keyInWords = (key: Readonly<Record<string, unknown>>): string =>
  Object.entries(key)
    .map(([part, value]) => `${part}=${String(value ?? 'NULL')}`)
    .join(' ')

/** The progress of a run on one line; `givenBack` as above. */
export function progressLine(
  { totals, running, waiting }: Progress,
  seconds: number,
  givenBack = 0,
): string {
  const done = totals.rows
  const parts = [
    `${Math.floor(seconds)}s`,
    ...(done > 0 ? [unitsInWords(totals, givenBack)] : []),
    ...(running > 0 ? [`${count(running)} running`] : []),
    ...(waiting > 0 ? [`${count(waiting)} waiting`] : []),
    ...(done > 0 && seconds >= 1 ? [`${count(Math.round(done / seconds))}/s`] : []),
  ]
  return parts.join('  ')
}

/** Counts of units, one line each; `givenBack` as above. */
export const renderTotals = (totals: Totals, givenBack = 0): readonly string[] => {
  const cells = counted(totals, givenBack).map(([name, units]) => [name, count(units)])
  if (cells.length === 0) return ['  no units']
  return table([{ title: '' }, { title: '', align: 'right' }], cells)
    .slice(1)
    .map((line) => `  ${line}`)
}

function why({ verdict, reason, code, heldMs, retryMs }: WorkVerdict): string {
  if (verdict === 'in_flight') {
    const most = heldMs === undefined ? '' : ` for at most ${span(heldMs)} if it died`
    return `held by another worker${most}`
  }
  // That an attempt failed is what the verdict says already.
  const words = [code === 'ATTEMPT_FAILED' ? undefined : code, reason].filter(Boolean).join(': ')
  return retryMs === undefined ? words : `${words}; tried again in ${span(retryMs)}`
}

/** Units that leave something to do, as a table; `all` is how many there are. */
export function renderTroubles(
  verdicts: readonly WorkVerdict[],
  all: number,
  { columns, colors }: Page,
): readonly string[] {
  if (verdicts.length === 0) return []
  const titles = [{ title: 'verdict' }, { title: 'key' }, { title: 'why' }]
  const rows = verdicts.map((each) => [spoken(each.verdict), keyInWords(each.key), why(each)])
  const unseen = all - verdicts.length
  return [
    '',
    ...table(titles, rows, columns - 2, colors.bold).map((line) => `  ${line}`),
    ...(unseen > 0 ? [`  and ${count(unseen)} more`] : []),
  ]
}

/** How many units have such a verdict. */
export const troublesIn = ({ invalid, failed, in_flight }: Totals): number =>
  invalid + failed + in_flight
