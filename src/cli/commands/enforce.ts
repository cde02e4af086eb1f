import { EXIT, type Guard, type Onceover, OnceoverError } from '../../index.ts'
import { readConfig } from '../config.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { printEach, printTarget } from '../enforce-print.ts'
import { renderPlan, showProgress } from '../enforce-report.ts'
import { chooseGuards, eachGuard } from '../guards.ts'
import { given } from '../option-values.ts'
import type { Output } from '../output.ts'
import { stoppable } from '../stop.ts'

const NO_GUARDS = 'Create onceover.config.ts with its guards, or name the file with --config.'

/** Options of `onceover enforce`. */
export interface EnforceCommandOptions extends DatabaseOptions, Confirmation {
  /** The tool in whose words to print the index, instead of making it. */
  readonly print?: string
  /** Print the statements and run none. */
  readonly dryRun?: boolean
  readonly online?: boolean
  readonly deadline?: string
  readonly constraint?: boolean
  /** Take the enforcement back. */
  readonly drop?: boolean
}

type Act = (once: Onceover, guard: Guard, out: Output) => Promise<number>

const leftLines = (left: readonly string[]): string[] =>
  left.length === 0 ? [] : ['  left for later:', ...left.map((each) => `    ${each};`)]

const planned = (options: EnforceCommandOptions): Act => {
  const { online, deadline, constraint } = options
  return async (once, guard, out) => {
    const plan = await once.enforcementPlan(guard, given({ online, deadline, constraint }))
    if (out.json) out.record(plan)
    else for (const line of renderPlan(plan)) out.line(line)
    return EXIT.ok
  }
}

const enforced = (options: EnforceCommandOptions): Act => {
  const { online, deadline, constraint } = options
  return async (once, guard, out) => {
    out.progress(`enforcing ${guard.name} on ${guard.table}`)
    const done = await stoppable((signal) =>
      once.enforce(guard, {
        ...given({ online, deadline, constraint }),
        signal,
        onProgress: showProgress(out),
      }),
    )
    if (out.json) out.record(done)
    else if (done.ddl !== '') {
      const words = done.created ? 'created' : `a constraint was made of ${done.index}`
      out.line(`${guard.name}: ${words}\n  ${done.ddl}`)
    } else out.line(`${guard.name}: already enforced by ${done.index}; nothing changed`)
    if (!out.json) for (const line of leftLines(done.left)) out.line(line)
    return EXIT.ok
  }
}

const dropped = ({ deadline }: EnforceCommandOptions): Act => {
  return async (once, guard, out) => {
    out.progress(`dropping the enforcement of ${guard.name} on ${guard.table}`)
    const done = await stoppable((signal) =>
      once.unenforce(guard, { ...given({ deadline }), signal, onProgress: showProgress(out) }),
    )
    if (out.json) out.record(done)
    else {
      const none = `${guard.name}: there was no index of ours; nothing changed`
      out.line(done.dropped.length === 0 ? none : `${guard.name}: dropped`)
      for (const ddl of done.dropped) out.line(`  ${ddl}`)
      for (const name of done.kept) out.line(`  ${name} still covers it, and is not ours to drop`)
      for (const line of leftLines(done.left)) out.line(line)
    }
    return EXIT.ok
  }
}

const usage = (message: string): OnceoverError =>
  new OnceoverError('USAGE', { message, fix: 'Leave one of them out.' })

function refuseMixed({ drop, dryRun, online, constraint, print }: EnforceCommandOptions): void {
  if (drop && (dryRun || online || constraint)) {
    throw usage('--drop goes with --deadline, --yes and --no-input only.')
  }
  if (print !== undefined && (drop || dryRun || online || constraint)) {
    throw usage('--print goes with no other option of enforce.')
  }
}

async function isConfirmed(
  guards: readonly Guard[],
  options: EnforceCommandOptions,
): Promise<boolean> {
  if (!options.drop) return true
  const names = guards.map(({ name }) => name).join(', ')
  const question = `Drop the unique index of ${names}? Duplicates can come in again.`
  return confirm(question, options)
}

/** `onceover enforce`: makes the unique index of each guard that none covers, or drops it. */
export async function run(
  names: readonly string[],
  options: EnforceCommandOptions,
  out: Output,
): Promise<number> {
  refuseMixed(options)
  const target = options.print === undefined ? undefined : printTarget(options.print)
  const config = await readConfig(options.config, NO_GUARDS)
  const guards = chooseGuards(config, names)
  if (target) return connected(options, out, (once) => printEach(guards, target, once, out), config)
  const act = options.drop ? dropped(options) : (options.dryRun ? planned : enforced)(options)
  const work = async (once: Onceover) => {
    showTarget(once, out)
    if (!(await isConfirmed(guards, options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
    return eachGuard(guards, out, (guard) => act(once, guard, out))
  }
  return connected(options, out, work, config)
}
