import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkVerdict } from '../claims/grant.ts'
import { durationMs } from '../core/duration.ts'
import type { RowValues, Totals } from '../core/verdict.ts'
import { tell } from '../rows/environment.ts'
import { toJson } from '../rows/json-value.ts'
import { rejection } from '../rows/rejection.ts'
import { callbackFailed } from './callback.ts'
import { expectedUnits, requireExpected } from './expected.ts'
import type { AnyGenerator } from './generator.ts'
import { onlyKeys } from './only.ts'
import { checkRunOptions, type RunOptions } from './options.ts'
import { previewUnits } from './preview.ts'
import { Pump } from './pump.ts'
import { finishRun } from './queries.ts'
import { record } from './record.ts'
import { checkSource, isIterable, type Source } from './source.ts'
import { Kept } from './units.ts'
import { openWork, type Request, send, type Work, type WorkEnvironment } from './work.ts'

/** How a run ended. */
export type RunEnd = 'done' | 'stopped' | 'cancelled'

/** What a run answers. */
export interface RunResult<Key = RowValues> {
  /** Id of the run in the ledger. */
  readonly run: string
  /** `stopped` by its signal, `cancelled` by somebody else; else `done`. */
  readonly state: RunEnd
  readonly totals: Totals
  /** One verdict for each unit in input order, where the units were an array; else none. */
  readonly verdicts: readonly WorkVerdict<Key>[]
}

async function requestOf(
  { database, inspect }: WorkEnvironment,
  { guard }: AnyGenerator,
  { onDuplicate = 'skip', only, reason, actor }: RunOptions<never>,
  source: Source,
): Promise<Request> {
  const range = isIterable(source) ? undefined : toJson(source)
  const keys = only && onlyKeys(await inspect(guard, database.session), only)
  return { policy: onDuplicate, reason, actor, range, only: keys }
}

/** Ends a run in the ledger; the totals there are those of its events. */
export async function finish(work: Work, state: 'done' | 'stopped'): Promise<RunEnd> {
  work.lease.unwatch(work.run)
  const { environment, run, lease } = work
  const [row] = await send<{ state: string }>(environment, finishRun(run, lease.id, state))
  // One that still runs is gone on with by another worker: here it was stopped.
  const ended = row?.state ?? state
  return ended === 'done' || ended === 'cancelled' ? ended : 'stopped'
}

// All or nothing: whatever is not free is named, and nothing is begun. Who comes between this look
// and the claims is told of as by `skip`.
async function rejectDuplicates(work: Work, units: readonly unknown[]): Promise<void> {
  const { environment, generator, inspection } = work
  const verdicts = await previewUnits(environment, generator, { inspection, policy: 'skip', units })
  const wrong = verdicts.filter(({ verdict }) => verdict !== 'created')
  if (wrong.length === 0) return
  await record(work, wrong)
  throw rejection(inspection, wrong, units.length)
}

const PAUSE_MS = 250

// What others hold is asked for again until it landed; what did not land in time is in flight.
async function untilLanded(
  pump: Pump,
  units: readonly unknown[],
  held: readonly WorkVerdict[],
  waitMs: number,
): Promise<void> {
  const until = performance.now() + waitMs
  let flying = held
  while (flying.length > 0) {
    const last = pump.stopping || performance.now() >= until
    if (!last) await sleep(Math.min(PAUSE_MS, Math.max(0, until - performance.now())))
    if (pump.stopping) return pump.tell(flying)
    flying = await pump.run(
      flying.map(({ index }) => new Kept(index, units[index])),
      { patient: !last },
    )
  }
}

/** What a run goes through, one after the other. */
export type Passes = Iterable<Iterable<unknown> | AsyncIterable<unknown>>

/**
 * Pumps units through a run that is open, and ends it.
 *
 * @param units the same as an array, where verdicts are wanted in its order
 */
export function pumpAll(
  work: Work,
  passes: Passes,
  options: RunOptions<never>,
  units?: readonly unknown[],
): Promise<RunResult> {
  const { environment, run } = work
  return environment.underWay.on(run, () => pumpPasses(work, passes, options, units))
}

async function pumpPasses(
  work: Work,
  passes: Passes,
  options: RunOptions<never>,
  units: readonly unknown[] | undefined,
): Promise<RunResult> {
  const verdicts: WorkVerdict[] = []
  const hear = (heard: readonly WorkVerdict[]) => {
    if (units) for (const verdict of heard) verdicts[verdict.index] = verdict
    return options.onVerdicts?.(heard as never)
  }
  const pump = new Pump(work, { ...options, onVerdicts: hear } as RunOptions<never>)
  try {
    const waitMs = units ? (durationMs(options.wait) ?? 0) : 0
    for (const source of passes) {
      const held = await pump.run(source, { patient: waitMs > 0 })
      if (units) await untilLanded(pump, units, held, waitMs)
    }
  } catch (error) {
    // The first error says why; where the run cannot be ended either, its dead lease will tell.
    await finish(work, 'stopped').catch(() => {})
    throw error
  }
  const state = await finish(work, pump.left ? 'stopped' : 'done')
  tellEnd(work, state, pump)
  if (pump.unheard) throw callbackFailed('A listener of the run', pump.unheard.error)
  return { run: work.run, state, totals: pump.totals, verdicts: verdicts.filter(Boolean) }
}

function tellEnd({ environment, run, audit, request }: Work, state: RunEnd, { totals }: Pump) {
  const { guard, actor, reason } = audit
  const facts = { run, guard, policy: request.policy, actor, reason, state, totals }
  tell(environment.logger, totals.failed > 0 ? 'warn' : 'info', facts, 'onceover: run ended')
}

/** Makes every unit of a source exactly once; see `Onceover.run`. */
export async function run(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  source: Source,
  options: RunOptions<never>,
): Promise<RunResult> {
  checkRunOptions(options)
  checkSource(source, options)
  if (!isIterable(source)) requireExpected(generator)
  const request = await requestOf(environment, generator, options, source)
  const work = await openWork(environment, generator, request)
  const array = Array.isArray(source) ? source : undefined
  if (array) work.given = new Map()
  if (array && options.onDuplicate === 'reject') {
    await rejectDuplicates(work, array).catch(async (error: unknown) => {
      await finish(work, 'stopped').catch(() => {})
      throw error
    })
  }
  return pumpAll(work, sourceOf(work, source), options, array)
}

// Asked for where the run is ended if that fails.
function* sourceOf(
  { environment, generator, inspection, request }: Work,
  source: Source,
): Generator<Iterable<unknown> | AsyncIterable<unknown>> {
  yield isIterable(source)
    ? source
    : expectedUnits(environment.database, inspection, generator, source as RowValues, request.only)
}
