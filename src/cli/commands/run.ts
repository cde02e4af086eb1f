import {
  type AnyGenerator,
  EXIT,
  type Onceover,
  OnceoverError,
  type RunOptions,
  type Totals,
  type WorkVerdict,
} from '../../index.ts'
import { given, readRange } from '../option-values.ts'
import type { Output } from '../output.ts'
import { isTrouble, renderTotals, renderTroubles, troublesIn } from '../run-report.ts'
import { readUnits, reasonAtLine } from '../units.ts'
import { exitOf, perform, type WorkOptions, withGenerator } from '../work.ts'

type Policy = 'skip' | 'replace' | 'reject'

/** Options of `onceover run`. */
export interface RunCommandOptions extends WorkOptions {
  /** A file of units; `-` is standard input. */
  readonly units?: string
  readonly onDuplicate?: string
  readonly wait?: string
  readonly dryRun?: boolean
}

const usage = (message: string, fix: string): OnceoverError =>
  new OnceoverError('USAGE', { message, fix })

async function collect(units: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const unit of units) all.push(unit)
  return all
}

interface Source {
  readonly units: object
  readonly shown?: (verdict: WorkVerdict) => WorkVerdict
}

async function listOf(file: string, twice: boolean, dryRun = false): Promise<Source> {
  const { units, lineOf } = await readUnits(file, !twice && !dryRun)
  const shown = (verdict: WorkVerdict): WorkVerdict => {
    const reason = reasonAtLine(lineOf(verdict.index), verdict.reason)
    return verdict.verdict === 'invalid' ? { ...verdict, ...given({ reason }) } : verdict
  }
  return { units: twice ? await collect(units) : units, shown }
}

async function sourceOf(options: RunCommandOptions): Promise<Source> {
  const { range, units, wait, onDuplicate, dryRun } = options
  if (range !== undefined && units !== undefined) {
    throw usage('--range and --units are two sources of units.', 'Give either of them.')
  }
  const twice = wait === undefined ? onDuplicate === 'reject' : true
  if (units !== undefined) return listOf(units, twice, dryRun)
  if (range === undefined) {
    throw usage(
      'run needs either --range or --units.',
      'onceover run GENERATOR --range from=2025-10-01,to=2025-10-31, or --units FILE',
    )
  }
  if (!twice) return { units: readRange(range) }
  throw usage(
    `${wait === undefined ? '--on-duplicate reject' : '--wait'} goes through the units twice.`,
    'Give them with --units, or leave the option out.',
  )
}

function warnOfNothing(units: number, { range }: RunCommandOptions, out: Output): void {
  if (units > 0 || range === undefined) return
  out.progress(`warning: the range ${range} gave no units. Is it the one that you meant?`)
}

function policyOf(text: string | undefined): Policy | undefined {
  if (text === undefined) return undefined
  if (text === 'skip' || text === 'replace' || text === 'reject') return text
  throw usage(`--on-duplicate ${text} is no policy.`, 'It is skip, replace or reject.')
}

const SHOWN_TROUBLES = 10

async function preview(
  once: Onceover,
  generator: AnyGenerator,
  { units, shown = (verdict) => verdict }: Source,
  onDuplicate: Policy | undefined,
  out: Output,
): Promise<Totals> {
  const found = await once.preview(generator, units, given({ onDuplicate }))
  const { totals } = found
  const verdicts = found.verdicts.map(shown)
  if (out.json) {
    for (const verdict of verdicts) out.record(verdict)
    out.record({ totals })
    return totals
  }
  out.line(`Would come to, on ${once.target}; nothing was changed:`)
  const troubles = verdicts.filter(isTrouble).slice(0, SHOWN_TROUBLES)
  const lines = [...renderTotals(totals), ...renderTroubles(troubles, troublesIn(totals), out)]
  for (const line of lines) out.line(line)
  return totals
}

/** `onceover run`: makes every unit of a range or a file exactly once. */
export async function run(
  [name = '']: readonly string[],
  options: RunCommandOptions,
  out: Output,
): Promise<number> {
  const onDuplicate = policyOf(options.onDuplicate)
  return withGenerator(name, options, out, async (once, generator) => {
    const source = await sourceOf(options)
    if (options.dryRun) {
      const totals = await preview(once, generator, source, onDuplicate, out)
      warnOfNothing(totals.rows, options, out)
      return EXIT.ok
    }
    const { units, ...shown } = source
    const how = given({ onDuplicate, wait: options.wait })
    const start = (own: RunOptions) => once.run(generator, units, { ...own, ...how })
    const listed = options.units !== undefined
    const result = await perform(once, { name, generator, options, listed, ...shown, start }, out)
    if (result.state === 'done') warnOfNothing(result.totals.rows, options, out)
    return exitOf(result)
  })
}
