import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkVerdict } from '../claims/grant.ts'
import { durationMs } from '../core/duration.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { rejection } from '../rows/rejection.ts'
import { makeUnit } from './attempt.ts'
import { type Chunk, claimChunk } from './claim-units.ts'
import { endAttempt } from './end.ts'
import type { AnyGenerator } from './generator.ts'
import { checkRunOptions, type RunOptions } from './options.ts'
import { finish } from './run.ts'
import { saveUnit } from './save.ts'
import { openWork, type Work, type WorkEnvironment } from './work.ts'

/** How one unit is run. */
export type RunOneOptions = Pick<RunOptions, 'onDuplicate' | 'reason' | 'actor' | 'wait'>

/** What running one unit answers: its verdict, and the run. */
export type RunOneResult<Key = RowValues> = Omit<WorkVerdict<Key>, 'index' | 'firstIndex'> & {
  readonly run: string
}

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 500

// Another has it in flight: its result is waited for. Where it dies, the unit is taken over.
async function claimWithin(work: Work, unit: unknown, waitMs: number): Promise<Chunk> {
  const until = performance.now() + waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const last = performance.now() >= until || work.environment.underWay.signal.aborted
    const chunk = await claimChunk(work, [{ index: 0, unit }], !last)
    if (last || chunk.verdicts[0]?.verdict !== 'in_flight') return chunk
    await sleep(Math.min(pauseMs, Math.max(0, until - performance.now())))
  }
}

async function verdictOf(work: Work, unit: unknown, waitMs: number): Promise<WorkVerdict> {
  const { taken, verdicts } = await claimWithin(work, unit, waitMs)
  const [own] = taken
  const [verdict] = verdicts
  if (verdict) return verdict
  if (!own) throw new OnceoverError('UNIT_INVALID', { message: 'There is no unit.' })
  try {
    return await saveUnit(work, await makeUnit(work, own))
  } catch (error) {
    return endAttempt(work, own, error)
  }
}

/** Makes one unit exactly once; see `Onceover.runOne`. */
export async function runOne(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  unit: unknown,
  options: RunOneOptions,
): Promise<RunOneResult> {
  checkRunOptions(options as RunOptions<never>)
  const { onDuplicate = 'skip', reason, actor } = options
  const request = { policy: onDuplicate, reason, actor, range: undefined }
  const work = await openWork(environment, generator, request)
  const verdict = await verdictOf(work, unit, durationMs(options.wait) ?? 0).catch(
    async (error: unknown) => {
      // The first error says why; where the run cannot be ended either, its dead lease will tell.
      await finish(work, 'stopped').catch(() => {})
      throw error
    },
  )
  const { index: _, firstIndex: __, ...rest } = verdict
  const { verdict: name, reason: why } = verdict
  environment.counters.add(name, 1, name === 'skipped' ? why : undefined)
  await finish(work, 'done')
  if (onDuplicate === 'reject' && name === 'skipped') {
    throw rejection(work.inspection, [verdict])
  }
  return { run: work.run, ...rest }
}
