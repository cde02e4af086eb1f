import { type GivenPlaces, previewClaims, type WorkVerdict } from '../claims/grant.ts'
import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import { type RowValues, type Totals, totalsOf } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { isolate } from '../rows/isolate.ts'
import { refusedRows } from '../rows/refused.ts'
import { expectedUnits } from './expected.ts'
import type { AnyGenerator } from './generator.ts'
import { onlyKeys } from './only.ts'
import { checkRunOptions, type RunOptions } from './options.ts'
import { checkSource, isIterable, type Source } from './source.ts'
import { checkUnits, type Placed } from './units.ts'
import type { WorkEnvironment } from './work.ts'

/** What a run would come to. */
export interface RunPreview<Key = RowValues> {
  readonly totals: Totals
  readonly verdicts: readonly WorkVerdict<Key>[]
}

const CHUNK_UNITS = 1000

/** What is previewed: units, under a policy. */
export interface Previewed {
  readonly inspection: Inspection
  readonly policy: 'skip' | 'replace'
  readonly units: Iterable<unknown> | AsyncIterable<unknown>
  readonly limit?: number | undefined
}

/** How a run is previewed. */
export interface PreviewOptions<Key = RowValues>
  extends Pick<RunOptions<Key>, 'onDuplicate' | 'only'> {
  /** How many units at most: more are refused, since their verdicts are held in memory. */
  readonly limit?: number
}

const tooMany = (limit: number): OnceoverError =>
  new OnceoverError('INPUT_INVALID', {
    message: `There are more than ${limit} units, and no more are previewed.`,
    fix: 'Preview a shorter range, or fewer units.',
    details: { limit },
  })

/**
 * Says what would come of units, in input order, and writes nothing.
 *
 * @throws OnceoverError NOT_MIGRATED, INPUT_INVALID for more units than the limit
 */
export async function previewUnits(
  { database }: WorkEnvironment,
  generator: AnyGenerator,
  { inspection, policy, units, limit = Number.POSITIVE_INFINITY }: Previewed,
): Promise<WorkVerdict[]> {
  const terms = { inspection, policy, attempts: generator.attempts }
  const given: GivenPlaces = new Map()
  const verdicts: WorkVerdict[] = []
  const chunk: Placed[] = []
  const look = async () => {
    const placed = chunk.splice(0)
    const checked = await checkUnits(database, generator, inspection, placed)
    verdicts.push(...checked.invalid)
    const { session } = database
    const { units: good } = checked
    const { results, refused } = await isolate(session, 0, good.length, (start, end) =>
      previewClaims(session, terms, good.slice(start, end), given),
    )
    verdicts.push(...results.flat(), ...refusedRows(inspection, good, refused))
  }
  try {
    let index = 0
    for await (const unit of units) {
      if (index >= limit) throw tooMany(limit)
      chunk.push({ index, unit })
      index++
      if (chunk.length === CHUNK_UNITS) await look()
    }
    if (chunk.length > 0) await look()
  } catch (error) {
    throw unmigrated(error, database.target)
  }
  return verdicts.sort((left, right) => left.index - right.index)
}

/** Says what a run would do with each unit, and writes nothing; see `Onceover.preview`. */
export async function previewRun(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  source: Source,
  { limit, ...options }: PreviewOptions,
): Promise<RunPreview> {
  checkRunOptions(options as RunOptions<never>)
  const { only } = options
  checkSource(source, only ? { only: only as never } : {})
  const { database } = environment
  const inspection = await environment.inspect(generator.guard, database.session)
  const policy = options.onDuplicate === 'replace' ? 'replace' : 'skip'
  const keys = only && onlyKeys(inspection, only)
  const units = isIterable(source)
    ? source
    : expectedUnits(database, inspection, generator, source as RowValues, keys)
  const verdicts = await previewUnits(environment, generator, { inspection, policy, units, limit })
  return { totals: totalsOf(verdicts), verdicts }
}
