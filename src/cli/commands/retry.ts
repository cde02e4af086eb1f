import type { RunOptions } from '../../index.ts'
import { given, readRange } from '../option-values.ts'
import type { Output } from '../output.ts'
import { exitOf, perform, type WorkOptions, withGenerator } from '../work.ts'

/** Options of `onceover retry`. */
export interface RetryCommandOptions extends WorkOptions {
  /** Only the units of a run. */
  readonly run?: string
}

/** `onceover retry`: tries failed and exhausted units again. */
export async function run(
  [name = '']: readonly string[],
  options: RetryCommandOptions,
  out: Output,
): Promise<number> {
  const range = options.range === undefined ? undefined : readRange(options.range)
  return withGenerator(name, options, out, async (once, generator) => {
    const which = given({ run: options.run, range })
    const start = (own: RunOptions) => once.retry(generator, { ...own, ...which })
    return exitOf(await perform(once, { name, generator, options, start }, out))
  })
}
