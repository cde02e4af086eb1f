import type { Output } from '../output.ts'
import { perform, type WorkOptions, withGenerator } from '../work.ts'

/** `onceover resume`: goes on with a run that crashed or stopped. */
export async function run(
  [name = '', id = '']: readonly string[],
  options: WorkOptions,
  out: Output,
): Promise<number> {
  return withGenerator(name, options, out, (once, generator) =>
    perform(name, once, options, out, (own) => once.resume(generator, id, own)),
  )
}
