import type { RunOptions } from '../../index.ts'
import type { Output } from '../output.ts'
import { exitOf, perform, type WorkOptions, withGenerator } from '../work.ts'

/** `onceover resume`: goes on with a run that crashed or stopped. */
export async function run(
  [name = '', id = '']: readonly string[],
  options: WorkOptions,
  out: Output,
): Promise<number> {
  return withGenerator(name, options, out, async (once, generator) => {
    const start = (own: RunOptions) => once.resume(generator, id, own)
    return exitOf(await perform(once, { name, generator, options, start }, out))
  })
}
