import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { toJson } from '../rows/json-value.ts'
import { checkRunId } from './cancel.ts'
import { expectedUnits, requireExpected } from './expected.ts'
import type { AnyGenerator } from './generator.ts'
import { status } from './list.ts'
import { hashesOf, onlyKeys } from './only.ts'
import { checkRunOptions, type RunOptions } from './options.ts'
import { type Leftover, reopenClaims, selectLeftovers } from './queries.ts'
import { finish, pumpAll, type RunResult } from './run.ts'
import { checkSource } from './source.ts'
import { Stored } from './units.ts'
import { openWork, reopenWork, send, type Work, type WorkEnvironment } from './work.ts'

const PAGE_UNITS = 1000

interface LeftoverRow {
  readonly hash: string
  readonly unit: string
}

/** Units that the ledger still holds, in constant memory: a page at a time. */
async function* leftovers(
  { environment, generator }: Work,
  which: Pick<Leftover, 'run' | 'states' | 'only'>,
): AsyncGenerator<unknown, void, undefined> {
  let after = ''
  for (;;) {
    const rows = await send<LeftoverRow>(
      environment,
      selectLeftovers({ ...which, guard: generator.guard.name, after, limit: PAGE_UNITS }),
    )
    for (const { hash, unit } of rows) {
      after = hash
      yield new Stored(unit)
    }
    if (rows.length < PAGE_UNITS) return
  }
}

// One after the other: what is left is done or failed before the range meets it again.
function* passes(
  left: AsyncIterable<unknown>,
  range: string | undefined,
  { environment, inspection, generator, request }: Work,
): Generator<Iterable<unknown> | AsyncIterable<unknown>> {
  yield left
  if (range === undefined) return
  const parsed: RowValues = JSON.parse(range)
  yield expectedUnits(environment.database, inspection, generator, parsed, request.only)
}

/**
 * Goes on with a run that crashed or stopped: with the units that it claimed and did not finish,
 * and, where it ran over a range, with those it never came to. See `Onceover.resume`.
 */
export async function resume(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  id: string,
  options: RunOptions<never>,
): Promise<RunResult> {
  checkRunOptions(options)
  if (options.only !== undefined) {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'A run that is gone on with keeps the keys that it was opened for.',
      fix: 'Leave only out, or retry with it.',
    })
  }
  checkRunId(id)
  if (environment.underWay.has(id)) {
    throw new OnceoverError('RUN_NOT_FOUND', {
      message: `The run ${id} is still running in this process: there is nothing to go on with.`,
      details: { run: id },
    })
  }
  // From here on, so that a second call in this process does not reopen it as well.
  return environment.underWay.on(id, async () => {
    const work = await reopenWork(environment, generator, id)
    if (work.request.range !== undefined && !generator.options.expected) {
      await finish(work, 'stopped')
      requireExpected(generator)
    }
    const left = leftovers(work, { run: id, states: ['claimed', 'failed'], only: undefined })
    return pumpAll(work, passes(left, work.request.range, work), options)
  })
}

/** Which units are tried again. */
export interface RetryOptions<Key = RowValues, Range = unknown> extends RunOptions<Key> {
  /** Only those of a run. Default: all of the guard. */
  readonly run?: string
  /** Units of this range that were never made are made too; of them, too, `only` is a choice. */
  readonly range?: Range
}

// The claims of keys are found by their hashes, and the units of a range by the keys.
async function chosenOf(
  { database, inspect }: WorkEnvironment,
  { guard }: AnyGenerator,
  only: readonly unknown[],
): Promise<{ readonly keys: string; readonly hashes: readonly string[] }> {
  const inspection = await inspect(guard, database.session)
  const keys = onlyKeys(inspection, only)
  return { keys, hashes: [...(await hashesOf(database.session, inspection, keys))] }
}

/**
 * Tries failed and exhausted units again, whatever their backoff and attempts, and makes the
 * missing ones of a range. See `Onceover.retry`.
 *
 * @throws OnceoverError RUN_NOT_FOUND, EXPECTED_MISSING
 */
export async function retry(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  { run: of, range, only, ...options }: RetryOptions<never>,
): Promise<RunResult> {
  checkRunOptions(options)
  if (of !== undefined) await status(environment.database.session, of)
  if (range !== undefined) {
    checkSource(range, {})
    requireExpected(generator)
  }
  const { reason, actor } = options
  const json = range === undefined ? undefined : toJson(range)
  const chosen = only && (await chosenOf(environment, generator, only))
  const request = { policy: 'skip' as const, reason, actor, range: json, only: chosen?.keys }
  const work = await openWork(environment, generator, request, true)
  const which = { run: of, only: chosen?.hashes }
  await send(environment, reopenClaims({ ...which, guard: generator.guard.name }))
  const left = leftovers(work, { ...which, states: ['failed'] })
  return pumpAll(work, passes(left, json, work), options)
}
