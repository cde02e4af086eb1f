import { type AnyGenerator, EXIT, type Onceover, OnceoverError } from '../../index.ts'
import { given, readRange } from '../option-values.ts'
import type { Output } from '../output.ts'
import { isTrouble, renderTotals, renderTroubles, troublesIn } from '../run-report.ts'
import { readUnits } from '../units.ts'
import { perform, type WorkOptions, withGenerator } from '../work.ts'

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

async function sourceOf({ range, units, wait, onDuplicate }: RunCommandOptions): Promise<object> {
  if ((range === undefined) === (units === undefined)) {
    throw usage(
      'run needs either --range or --units.',
      'onceover run GENERATOR --range from=2025-10-01,to=2025-10-31, or --units FILE',
    )
  }
  const twice = wait === undefined ? onDuplicate === 'reject' : true
  if (range === undefined) {
    const read = await readUnits(units ?? '-')
    return twice ? collect(read) : read
  }
  if (!twice) return readRange(range)
  throw usage(
    `${wait === undefined ? '--on-duplicate reject' : '--wait'} goes through the units twice.`,
    'Give them with --units, or leave the option out.',
  )
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
  source: object,
  onDuplicate: Policy | undefined,
  out: Output,
): Promise<number> {
  const { totals, verdicts } = await once.preview(generator, source, given({ onDuplicate }))
  if (out.json) {
    for (const verdict of verdicts) out.record(verdict)
    out.record({ totals })
    return EXIT.ok
  }
  out.line(`Would come to, on ${once.target}; nothing was changed:`)
  const troubles = verdicts.filter(isTrouble).slice(0, SHOWN_TROUBLES)
  const lines = [...renderTotals(totals), ...renderTroubles(troubles, troublesIn(totals), out)]
  for (const line of lines) out.line(line)
  return EXIT.ok
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
    if (options.dryRun) return preview(once, generator, source, onDuplicate, out)
    const { wait } = options
    return perform(name, once, options, out, (own) =>
      once.run(generator, source, { ...own, ...given({ onDuplicate, wait }) }),
    )
  })
}
