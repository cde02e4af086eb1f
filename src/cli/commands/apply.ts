import {
  type Applied,
  EXIT,
  type Guard,
  type Onceover,
  OnceoverError,
  type RepairPlan,
  type StoredRepair,
} from '../../index.ts'
import { applyLine, renderApplied, settledOf } from '../apply-report.ts'
import { readConfig } from '../config.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { chooseGuards } from '../guards.ts'
import type { Output } from '../output.ts'
import { type PaceOptions, paceOf } from '../pace.ts'
import { readPlanFile } from '../plan-file.ts'
import { intention } from '../repair-report.ts'
import { stoppable } from '../stop.ts'
import { count, seconds, shellWord, some, wrapped } from '../text.ts'

/** Options of `onceover apply`. */
export type ApplyCommandOptions = DatabaseOptions & Confirmation & PaceOptions

interface Job {
  readonly once: Onceover
  readonly guard: Guard
  readonly plan: RepairPlan
  readonly file: string
  readonly options: ApplyCommandOptions
}

// What the apply itself refuses, or answers without doing anything, needs no question.
async function isAgreed(
  { plan, options }: Job,
  stored: StoredRepair | undefined,
  out: Output,
): Promise<boolean> {
  if (!stored || stored.plan.hash !== plan.hash) return true
  if (stored.state === 'applied' || stored.state === 'undone') return true
  const settled = settledOf(stored)
  const where = `${intention(plan)}. Planned ${seconds(plan.plannedAt)}.`
  const said = stored.state === 'applying' ? `${where} ${count(settled)} are settled.` : where
  for (const line of wrapped(said, out.columns)) out.progress(line)
  const question = stored.state === 'applying' ? 'Go on with it?' : 'Apply it?'
  return confirm(question, options)
}

async function follow({ once, guard, plan, options }: Job, out: Output): Promise<Applied> {
  let begun: number | undefined
  const begunMs = performance.now()
  // The second signal ends the process in the middle of a line.
  process.once('exit', () => out.clear())
  return stoppable((signal) => {
    signal.addEventListener('abort', () => {
      out.progress('Stopping after the batch that runs. Again ends it at once: that batch is lost.')
    })
    return once.applyRepair(guard, plan, {
      ...paceOf(options),
      signal,
      onProgress: (progress) => {
        begun ??= progress.done - progress.batch
        out.live(applyLine(progress, begun, performance.now() - begunMs))
      },
    })
  }).finally(() => out.clear())
}

const ways = ({ file, plan }: Job): string =>
  `To go on: onceover apply ${shellWord(file)}; to take it back: onceover undo ${plan.repair}`

function advise(job: Job, { state, skipped, left }: Applied, out: Output): void {
  const { guard, plan } = job
  if (state === 'applying') {
    out.progress(`What is applied stands. ${ways(job)}`)
    return
  }
  const again = `onceover repair ${shellWord(guard.name)} --plan FILE`
  if (skipped > 0) out.progress(`What was left can be planned anew: ${again}`)
  else if (left.groups > 0) {
    out.progress(`${some(left.excess, 'row')} came after the plan was made. For them: ${again}`)
  }
  out.progress(`To take it back: onceover undo ${plan.repair}`)
}

async function apply(job: Job, out: Output): Promise<number> {
  showTarget(job.once, out)
  const [before] = await job.once.repairs({ id: job.plan.repair })
  if (!(await isAgreed(job, before, out))) {
    out.progress('Nothing was changed.')
    return EXIT.refused
  }
  const startedMs = performance.now()
  const applied = await follow(job, out).catch(async (error: unknown) => {
    if (!(error instanceof OnceoverError && error.exitCode === EXIT.refused)) {
      out.progress(`What is applied stands. ${ways(job)}`)
    }
    throw error
  })
  const tookMs = performance.now() - startedMs
  if (out.json) out.record(applied)
  else for (const line of renderApplied(applied, tookMs, before, out)) out.line(line)
  advise(job, applied, out)
  return applied.state === 'applying' || applied.skipped > 0 ? EXIT.partial : EXIT.ok
}

/** `onceover apply`: applies the plan of a file. */
export async function run(
  [file = '']: readonly string[],
  options: ApplyCommandOptions,
  out: Output,
): Promise<number> {
  paceOf(options)
  const plan = await readPlanFile(file)
  const config = await readConfig(options.config)
  const [guard] = chooseGuards(config, [plan.guard])
  if (!guard) return EXIT.usage
  const work = (once: Onceover) => apply({ once, guard, plan, file, options }, out)
  return connected(options, out, work, config)
}
