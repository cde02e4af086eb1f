import { OnceoverError } from '../core/error.ts'
import { type RowValues, type Totals, totalsOf, type Verdict } from '../core/verdict.ts'
import type { Guard, KeyedRow, KeyOf } from '../guards/guard.ts'
import { type Call, openCall } from './call.ts'
import { type Care, withCare } from './care.ts'
import {
  type Environment,
  inTransaction,
  inTurn,
  report,
  withFreshInspection,
} from './environment.ts'
import { checkOptions, type InsertOptions } from './options.ts'
import { prepareRows } from './prepare.ts'
import { record } from './record.ts'
import { asShown, rejection } from './rejection.ts'
import { insertPrepared } from './write.ts'

/** What an insert answers. */
export interface InsertResult<Key = RowValues> {
  /** Id of the run in `onceover.run`; missing where Onceover's schema is. */
  readonly run?: string
  readonly totals: Totals
  /** One verdict for each row, in input order. */
  readonly verdicts: readonly Verdict<Key>[]
}

/** How the rows of one call are taken. */
export interface CallShape {
  /** Index of the first row in the whole input. */
  readonly offset: number
  /** The run of an earlier chunk of the same stream. */
  readonly run: string | undefined
  /** Answer with all columns, not only the primary key and `show`. */
  readonly allColumns: boolean
}

const WHOLE: CallShape = { offset: 0, run: undefined, allColumns: false }

// Thrown to roll a rejected input back; never leaves this file.
class Rejected extends Error {
  readonly call: Call
  readonly verdicts: readonly Verdict[]

  constructor(call: Call, verdicts: readonly Verdict[]) {
    super('rejected')
    this.call = call
    this.verdicts = verdicts
  }
}

/** Inserts rows in one transaction; see `Onceover.insert`. */
export async function insertArray<G extends Guard>(
  environment: Environment,
  guard: G,
  rows: readonly KeyedRow<G>[],
  options: InsertOptions,
  shape: CallShape = WHOLE,
): Promise<InsertResult<KeyOf<G>>> {
  checkOptions(guard, options)
  if (!Array.isArray(rows)) {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'The rows are not an array.',
      fix: 'Pass an array of objects, a sql`SELECT …`, or use insertStream() for an iterable.',
    })
  }
  return inTurn(options, () =>
    withFreshInspection(environment, guard, async () => {
      try {
        const done = await withCare(options.handle === undefined, (care) =>
          attempt(environment, guard, rows, options, shape, care),
        )
        return answer(environment, done)
      } catch (error) {
        if (!(error instanceof Rejected)) throw error
        return reject(environment, options, error)
      }
    }),
  )
}

interface Done {
  readonly call: Call
  readonly verdicts: readonly Verdict[]
}

async function attempt(
  environment: Environment,
  guard: Guard,
  rows: readonly RowValues[],
  options: InsertOptions,
  { offset, run, allColumns }: CallShape,
  care: Care,
): Promise<Done> {
  const open = () => openCall(environment, guard, options, { run, allColumns })
  // What is wrong with a row may be only that the table has changed since it was looked at.
  if (care !== 'fast') environment.forget(guard)
  let call = await open()
  let prepared = prepareRows(call.inspection, rows, offset)
  if (prepared.strange && care === 'fast') {
    environment.forget(guard)
    call = await open()
    prepared = prepareRows(call.inspection, rows, offset)
  }
  return inTransaction(environment, options, call.inspection, async (session) => {
    const verdicts = await insertPrepared(session, call.context, prepared, care)
    const all = verdicts.every(({ verdict }) => verdict === 'created')
    if (options.onDuplicate === 'reject' && !all) throw new Rejected(call, verdicts)
    return { call, verdicts }
  })
}

/**
 * Counts and logs what a call did, and answers with it.
 *
 * @param totals of all rows, where not every one has its verdict here
 */
export function answer<G extends Guard>(
  environment: Environment,
  { call: { audit, recorded, inspection }, verdicts }: Done,
  totals: Totals = totalsOf(verdicts),
): InsertResult<KeyOf<G>> {
  const logged = recorded ? verdicts : asShown(inspection, verdicts)
  report(environment, audit, totals, logged, recorded)
  return {
    ...(recorded && { run: audit.run }),
    totals,
    verdicts: verdicts as readonly Verdict<KeyOf<G>>[],
  }
}

// The input is rolled back; that it was rejected, and by what, is recorded for itself.
async function reject(
  environment: Environment,
  options: InsertOptions,
  { call, verdicts }: Done,
): Promise<never> {
  const wrong = verdicts.filter(({ verdict }) => verdict !== 'created')
  const rest = asShown(call.inspection, wrong)
  await inTransaction(environment, options, call.inspection, (session) =>
    record(session, call.context, rest),
  )
  report(environment, call.audit, totalsOf(rest), rest, call.recorded)
  throw rejection(call.inspection, verdicts)
}

/** What an insert of one row answers: its verdict, with `run` as in InsertResult. */
export type InsertOneResult<Key = RowValues> = Omit<Verdict<Key>, 'index' | 'firstIndex'> & {
  readonly run?: string
}

/** Inserts one row and answers with all its columns; see `Onceover.insertOne`. */
export async function insertOne<G extends Guard>(
  environment: Environment,
  guard: G,
  row: KeyedRow<G>,
  options: InsertOptions,
): Promise<InsertOneResult<KeyOf<G>>> {
  const shape = { ...WHOLE, allColumns: true }
  const { run, verdicts } = await insertArray(environment, guard, [row], options, shape)
  const [verdict] = verdicts
  if (!verdict) throw new OnceoverError('INPUT_INVALID', { message: 'There is no row.' })
  const { index: _, ...rest } = verdict
  return { ...rest, ...(run !== undefined && { run }) }
}
