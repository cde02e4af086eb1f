import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { zip } from '../rows/chunk.ts'
import type { Input } from '../rows/input/queries.ts'
import { expectation, expectationFailed, refuseHidden } from './expectation.ts'
import type { AnyGenerator } from './generator.ts'
import { COUNTED, type LISTED, reconcileKeys } from './reconcile/queries.ts'
import { checkSource, type Source } from './source.ts'
import type { WorkEnvironment } from './work.ts'

/** How many keys are what; a key that failed is missing too, and so counted in both. */
export interface ReconcileCounts {
  /** Different keys that are expected. */
  readonly expected: number
  /** Expected, and a finished row stands; or, with `remember: 'forever'`, the claim is done. */
  readonly made: number
  /** Expected, neither made nor in flight. */
  readonly missing: number
  /** Rows of the same periods whose key is not expected. */
  readonly extra: number
  /** Rows in excess of one for an expected key. */
  readonly duplicate: number
  /** Expected, not made, and claimed by a worker that lives. */
  readonly in_flight: number
  /** Expected, not made, and the last attempt failed, or it was the last, or was cancelled. */
  readonly failed: number
}

/** The counts of one value of the part that keys are grouped by. */
export interface ReconciledPeriod extends ReconcileCounts {
  /** As PostgreSQL writes it; null for all keys together. */
  readonly period: unknown
}

/** What is expected against what there is. */
export interface Reconciliation<Key = RowValues> {
  readonly totals: ReconcileCounts
  /** In the order of their values. */
  readonly periods: readonly ReconciledPeriod[]
  /** Of these and the following the first 1000 keys, in their order. */
  readonly missing: readonly Key[]
  readonly extra: readonly Key[]
  readonly duplicate: readonly Key[]
  readonly in_flight: readonly Key[]
  readonly failed: readonly Key[]
  /** Expected units whose key no row could have, such as NULL in a part; counted nowhere else. */
  readonly invalid: number
}

/** How expected keys are grouped. */
export interface ReconcileOptions<Part = string> {
  /** The part of the key whose values are the periods. Default: the first date or timestamp. */
  readonly by?: Part
}

const MAX_KEYS = 1000

const MOMENTS = new Set(['date', 'timestamp', 'timestamptz'])

const refuse = (message: string, fix: string): never => {
  throw new OnceoverError('INPUT_INVALID', { message, fix })
}

function periodPart({ guard, parts }: Inspection, by: string | undefined): number | undefined {
  if (by === undefined) {
    const first = parts.findIndex(({ base }) => MOMENTS.has(base))
    return first < 0 ? undefined : first
  }
  const place = parts.findIndex(({ name }) => name === by)
  if (place >= 0) return place
  const known = parts.map(({ name }) => name).join(', ')
  return refuse(
    `The key of ${guard.name} has no part ${JSON.stringify(by)}.`,
    `Its parts are: ${known}.`,
  )
}

type Line = Readonly<Record<(typeof LISTED)[number] | 'periods' | 'invalid', string>>

async function ask(
  { database }: WorkEnvironment,
  inspection: Inspection,
  input: Input,
  by: number | undefined,
): Promise<Line> {
  const statement = reconcileKeys(inspection, input, by, MAX_KEYS)
  try {
    const [line] = await database.read((session) => session.query<Line>(statement))
    return line as Line
  } catch (error) {
    throw expectationFailed(inspection, error, database.target)
  }
}

const countsOf = (counts: readonly number[]): ReconcileCounts =>
  Object.fromEntries(
    COUNTED.map((name, place) => [name, counts[place] ?? 0]),
  ) as unknown as ReconcileCounts

/** Holds what is expected against rows and claims; see `Onceover.reconcile`. */
export async function reconcile(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  source: Source,
  options: ReconcileOptions,
): Promise<Reconciliation> {
  const unknown = Object.keys(options).find((name) => name !== 'by')
  if (unknown !== undefined) refuse(`There is no option ${unknown}.`, 'The only option is: by.')
  checkSource(source, {})
  const { database } = environment
  const inspection = await environment.inspect(generator.guard, database.session)
  refuseHidden(inspection)
  const by = periodPart(inspection, options.by)
  const { input, invalid } = await expectation(generator, inspection, source)
  const line = await ask(environment, inspection, input, by)
  const lines: readonly [unknown, readonly number[]][] = JSON.parse(line.periods)
  const sums = COUNTED.map((_, place) =>
    lines.reduce((sum, [, counts]) => sum + (counts[place] ?? 0), 0),
  )
  const keys = (name: (typeof LISTED)[number]): readonly RowValues[] =>
    (JSON.parse(line[name]) as unknown[][]).map((values) => zip(inspection.parts, values))
  return {
    totals: countsOf(sums),
    periods: lines.map(([period, counts]) => ({ period, ...countsOf(counts) })),
    missing: keys('missing'),
    extra: keys('extra'),
    duplicate: keys('duplicate'),
    in_flight: keys('in_flight'),
    failed: keys('failed'),
    invalid: invalid + Number(line.invalid),
  }
}
