import pc from 'picocolors'
import {
  type Converged,
  EXIT,
  type Guard,
  type Onceover,
  OnceoverError,
  type RepairPlan,
} from '../../index.ts'
import { readConfig } from '../config.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { showProgress } from '../enforce-report.ts'
import { chooseGuards } from '../guards.ts'
import { given } from '../option-values.ts'
import type { Output } from '../output.ts'
import { type PaceOptions, paceOf } from '../pace.ts'
import { writePlan } from '../plan-file.ts'
import { fateOf, renderPlan, renderRepairs } from '../repair-report.ts'
import { stoppable } from '../stop.ts'
import { shellWord, some, wrapped } from '../text.ts'

/** Options of `onceover repair`. */
export interface RepairOptions extends DatabaseOptions, PaceOptions, Confirmation {
  /** The file to write the plan to; `-` is standard output. */
  readonly plan?: string
  readonly force?: boolean
  /** Repair and enforce in one run. */
  readonly enforce?: boolean
  readonly deadline?: string
  readonly list?: boolean
  readonly guard?: string
  readonly reason?: string
}

const STDOUT = '-'
// The report beside a plan on stdout is a note.
const NOTES = { colors: pc.createColors(false), columns: 80 }

const usage = (message: string): OnceoverError =>
  new OnceoverError('USAGE', {
    message,
    fix: 'onceover repair GUARD --plan FILE, or GUARD --enforce, or --list [--guard NAME]',
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
  guard: Guard,
  { plan: file = STDOUT, force = false, reason, actor }: RepairOptions,
  out: Output,
): Promise<number> {
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

function printConverged({ repairs, ...done }: Converged, out: Output): void {
  if (out.json) return
  for (const applied of repairs) {
    const { repair, removed, changed, skipped } = applied
    const left = skipped > 0 ? `, ${some(skipped, 'row')} left as they are` : ''
    out.line(`repair ${repair}: ${some(removed + changed, 'row')} repaired${left}`)
  }
  const words = done.created ? `created\n  ${done.ddl}` : `enforced by ${done.index}`
  out.line(`${done.guard}: ${words}`)
  for (const ddl of done.left) out.line(`  left for later: ${ddl};`)
}

// What cannot be repaired is refused here, before anything is built.
async function sayWhatGoes(once: Onceover, guard: Guard, out: Output): Promise<number> {
  const [report] = await once.scan(guard)
  if (!report?.duplicates.excess) return 0
  const plan = await once.planRepair(guard, { dryRun: true })
  for (const line of renderPlan(plan, NOTES)) out.progress(line)
  return plan.rows
}

async function enforce(
  once: Onceover,
  guard: Guard,
  options: RepairOptions,
  out: Output,
): Promise<number> {
  showTarget(once, out)
  const rows = await sayWhatGoes(once, guard, out)
  const said =
    `${guard.name}: ${some(rows, 'row')} of ${guard.table} will be ${fateOf(guard)} behind a ` +
    'gate, and the unique index made; writers go on. Each repair can be undone.'
  for (const line of wrapped(said, NOTES.columns)) out.progress(line)
  if (!(await confirm('Repair and enforce it?', options))) {
    out.progress('Nothing was changed.')
    return EXIT.refused
  }
  const { deadline, reason } = options
  const done = await stoppable((signal) =>
    once.enforce(guard, {
      ...given({ deadline, reason }),
      ...paceOf(options),
      ...{ repair: true, online: true, signal, onProgress: showProgress(out) },
    }),
  ).finally(() => out.clear())
  if (out.json) out.record(done)
  printConverged(done, out)
  for (const { repair } of done.repairs) {
    out.progress(`To take it back, the index too: onceover undo ${repair} --drop`)
  }
  return EXIT.ok
}

function refuseMixed([name]: readonly string[], { list: listed, plan, enforce }: RepairOptions) {
  if (listed) {
    if (name !== undefined || plan !== undefined || enforce) throw usage('--list stands alone.')
    return
  }
  if (name === undefined) throw usage('repair needs a guard.')
  if (plan !== undefined && enforce) throw usage('--plan changes nothing, and --enforce all.')
  if (plan === undefined && !enforce) throw usage('repair needs a file for its plan.')
}

/** `onceover repair`: plans the repair of a guard's duplicates, or lists repairs. */
export async function run(
  names: readonly string[],
  options: RepairOptions,
  out: Output,
): Promise<number> {
  refuseMixed(names, options)
  if (options.list) return connected(options, out, (once) => list(once, options, out))
  paceOf(options)
  const config = await readConfig(options.config)
  const [guard] = chooseGuards(config, names)
  if (!guard) return EXIT.usage
  const act = options.enforce ? enforce : plan
  return connected(options, out, (once) => act(once, guard, options, out), config)
}
