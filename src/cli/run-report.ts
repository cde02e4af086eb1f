import type { Progress, RunResult, Totals, WorkVerdict } from '../index.ts'
import type { Page } from './scan-report.ts'
import { table } from './table.ts'
import { count } from './text.ts'

/** The verdicts that leave something to do. */
const TROUBLES = ['invalid', 'failed', 'in_flight', 'cancelled'] as const

const spoken = (name: string): string => name.replaceAll('_', ' ')

const counted = ({ rows: _, ...totals }: Totals): [name: string, units: number][] =>
  Object.entries(totals).filter(([, units]) => units > 0)

/** Totals in words: `1,200 created, 3 skipped`. */
export const unitsInWords = (totals: Totals): string =>
  counted(totals)
    .map(([name, units]) => `${count(units)} ${spoken(name)}`)
    .join(', ') || 'no units'

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

/** The progress of a run on one line. */
export function progressLine({ totals, running, waiting }: Progress, seconds: number): string {
  const done = totals.rows
  const parts = [
    `${Math.floor(seconds)}s`,
    ...(done > 0 ? [unitsInWords(totals)] : []),
    ...(running > 0 ? [`${count(running)} running`] : []),
    ...(waiting > 0 ? [`${count(waiting)} waiting`] : []),
    ...(done > 0 && seconds >= 1 ? [`${count(Math.round(done / seconds))}/s`] : []),
  ]
  return parts.join('  ')
}

/** Counts of units, one line each. */
export const renderTotals = (totals: Totals): readonly string[] => {
  const cells = counted(totals).map(([name, units]) => [spoken(name), count(units)])
  if (cells.length === 0) return ['  no units']
  return table([{ title: '' }, { title: '', align: 'right' }], cells)
    .slice(1)
    .map((line) => `  ${line}`)
}

/** Units that leave something to do, as a table; `all` is how many there are. */
export function renderTroubles(
  verdicts: readonly WorkVerdict[],
  all: number,
  { columns, colors }: Page,
): readonly string[] {
  if (verdicts.length === 0) return []
  const titles = [{ title: 'verdict' }, { title: 'key' }, { title: 'why' }]
  const rows = verdicts.map(({ verdict, key, reason, code }) => [
    spoken(verdict),
    keyInWords(key),
    // That an attempt failed is what the verdict says already.
    [code === 'ATTEMPT_FAILED' ? undefined : code, reason].filter(Boolean).join(': '),
  ])
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
