import { EXIT, type Onceover } from '../../index.ts'
import { readConfig } from '../config.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { printEach, printTarget } from '../enforce-print.ts'
import { chooseGuards, eachGuard } from '../guards.ts'
import type { Output } from '../output.ts'

const NO_GUARDS = 'Create onceover.config.ts with its guards, or name the file with --config.'

/** Options of `onceover enforce`. */
export interface EnforceCommandOptions extends DatabaseOptions {
  /** The tool in whose words to print the index, instead of making it. */
  readonly print?: string
}

/** `onceover enforce`: makes the unique index of each guard that none covers. */
export async function run(
  names: readonly string[],
  options: EnforceCommandOptions,
  out: Output,
): Promise<number> {
  const target = options.print === undefined ? undefined : printTarget(options.print)
  const config = await readConfig(options.config, NO_GUARDS)
  const guards = chooseGuards(config, names)
  if (target) return connected(options, out, (once) => printEach(guards, target, once, out), config)
  const work = (once: Onceover) => {
    showTarget(once, out)
    return eachGuard(guards, out, async (guard) => {
      out.progress(`enforcing ${guard.name} on ${guard.table}`)
      const enforced = await once.enforce(guard)
      if (out.json) out.record(enforced)
      else if (enforced.created) out.line(`${guard.name}: created\n  ${enforced.ddl}`)
      else out.line(`${guard.name}: already enforced by ${enforced.index}; nothing changed`)
      return EXIT.ok
    })
  }
  return connected(options, out, work, config)
}
