import pc from 'picocolors'
import { EXIT, type Onceover, OnceoverError, type RepairPlan } from '../../index.ts'
import { type Config, readConfig } from '../config.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { chooseGuards } from '../guards.ts'
import { given } from '../option-values.ts'
import type { Output } from '../output.ts'
import { writePlan } from '../plan-file.ts'
import { renderPlan, renderRepairs } from '../repair-report.ts'
import { shellWord } from '../text.ts'

/** Options of `onceover repair`. */
export interface RepairOptions extends DatabaseOptions {
  /** The file to write the plan to; `-` is standard output. */
  readonly plan?: string
  readonly force?: boolean
  readonly list?: boolean
  readonly guard?: string
  readonly reason?: string
  readonly actor?: string
}

const STDOUT = '-'
// The report beside a plan on stdout is a note.
const NOTES = { colors: pc.createColors(false), columns: 80 }

const usage = (message: string): OnceoverError =>
  new OnceoverError('USAGE', {
    message,
    fix: 'onceover repair GUARD --plan FILE, or onceover repair --list [--guard NAME]',
  })

async function list(once: Onceover, { guard }: RepairOptions, out: Output): Promise<number> {
  const repairs = await once.repairs(given({ guard }))
  if (out.json) for (const repair of repairs) out.record(repair)
  else if (repairs.length === 0) out.line('No repairs.')
  else for (const line of renderRepairs(repairs, out)) out.line(line)
  return EXIT.ok
}

function print(plan: RepairPlan, file: string, out: Output): void {
  if (out.json) out.record(plan)
  else if (file === STDOUT) {
    for (const line of renderPlan(plan, NOTES)) out.progress(line)
    out.line(JSON.stringify(plan, null, 2))
  } else for (const line of renderPlan(plan, out)) out.line(line)
}

async function plan(
  once: Onceover,
  [guard]: Config['guards'],
  { plan: file = STDOUT, force = false, reason, actor }: RepairOptions,
  out: Output,
): Promise<number> {
  if (!guard) throw usage('repair needs a guard.')
  showTarget(once, out)
  out.progress(`planning the repair of ${guard.name} on ${guard.table}`)
  const make = () => once.planRepair(guard, given({ reason, actor }))
  const made = file === STDOUT ? await make() : await writePlan(file, force, make)
  if (made.rows === 0) {
    if (out.json) out.record(made)
    else out.line(`${guard.name}: no duplicates, nothing to repair`)
    return EXIT.ok
  }
  print(made, file, out)
  const named = file === STDOUT ? 'FILE' : shellWord(file)
  out.progress(`Nothing was changed. To apply it: onceover apply ${named}`)
  return EXIT.findings
}

/** `onceover repair`: plans the repair of a guard's duplicates, or lists repairs. */
export async function run(
  [name]: readonly string[],
  options: RepairOptions,
  out: Output,
): Promise<number> {
  if (options.list) {
    if (name !== undefined || options.plan !== undefined) throw usage('--list stands alone.')
    return connected(options, out, (once) => list(once, options, out))
  }
  if (name === undefined) throw usage('repair needs a guard.')
  if (options.plan === undefined) throw usage('repair needs a file for its plan.')
  const config = await readConfig(options.config)
  const guards = chooseGuards(config, [name])
  return connected(options, out, (once) => plan(once, guards, options, out), config)
}
