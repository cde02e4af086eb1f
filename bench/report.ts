import type { Findings } from './benchmark.ts'
import type { Comparison, Figure } from './comparison.ts'
import type { Machine } from './machine.ts'

/** All that a run of the benchmarks found, as its JSON has it. */
export interface Report {
  readonly machine: Machine
  /** Where it ran, without a password. */
  readonly target: string
  readonly benchmarks: readonly (Findings & { readonly name: string; readonly seconds: number })[]
}

const GAP = '  '

// Load per core from which on others may have disturbed what was measured.
const BUSY = 0.25

/** Lines of a table: the first column at the left, the others at the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, place) =>
    Math.max(...rows.map((row) => row[place]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, place) =>
        place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0),
      )
      .join(GAP)
      .trimEnd(),
  )
}

const HEADINGS = [
  'ours',
  'p10',
  'raw',
  'p10',
  'ratio',
  'spread',
  'bar',
  '',
  'statements',
  'fastest raw SQL',
]

const verdict = (met: boolean | undefined): string =>
  met === undefined ? '' : met ? 'met' : 'missed'

function comparisonRow({ what, ours, raw, measure, ratio, spread, bar, met }: Comparison) {
  const ms = (value: number): string => value.toFixed(1)
  const sign = measure === 'speed' ? '≥' : '≤'
  return [
    what,
    ms(ours.medianMs),
    ms(ours.p10Ms),
    ms(raw.medianMs),
    ms(raw.p10Ms),
    ratio.toFixed(2),
    spread.map((each) => each.toFixed(2)).join('–'),
    bar === undefined ? '' : `${sign} ${bar.toFixed(2)}`,
    verdict(met),
    `${ours.statements} / ${raw.statements}`,
    raw.side,
  ]
}

const figureLine = ({ what, value, unit, sign, bar, met }: Figure): string =>
  `${what}: ${value.toFixed(0)} ${unit}` +
  (bar === undefined ? '' : ` (bar ${sign} ${bar}: ${verdict(met)})`)

const RATIO = {
  speed: 'ratio = speed, raw ÷ ours: 1 is as fast as raw SQL',
  time: 'ratio = time, ours ÷ raw: 1 is as fast as raw SQL',
} as const

function findingLines({
  name,
  seconds,
  setting,
  comparisons,
  figures,
}: Report['benchmarks'][number]) {
  const given = Object.entries(setting).map(
    ([key, value]) => `${key} ${value.toLocaleString('en-US')}`,
  )
  const [first] = comparisons
  return [
    '',
    `${name} (${seconds.toFixed(0)} s): ${given.join(', ')}`,
    ...(first ? [`Times in ms; ${RATIO[first.measure]}.`] : []),
    ...table([['', ...HEADINGS], ...comparisons.map(comparisonRow)]),
    ...figures.map(figureLine),
  ]
}

function machineLines({ machine, target }: Pick<Report, 'machine' | 'target'>): string[] {
  const { cores, cpu, memoryMb, loadBefore, node, platform, postgres, settings } = machine
  const given = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const busy = loadBefore / cores
  return [
    `${cores} cores (${cpu}), ${memoryMb} MB, ${platform}, Node ${node}, PostgreSQL ${postgres}`,
    `${target}: ${given.join(' ')}`,
    `load before: ${loadBefore.toFixed(2)}${busy > BUSY ? ' (busy: trust the ratios little)' : ''}`,
  ]
}

/** The report for people. */
export const reportLines = (report: Report): readonly string[] => [
  ...machineLines(report),
  ...report.benchmarks.flatMap(findingLines),
]
