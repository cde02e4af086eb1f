import { OnceoverError } from '../core/error.ts'
import { type RowValues, type Totals, totalsOf, type Verdict } from '../core/verdict.ts'
import type { Guard, KeyOf, RowOf } from '../guards/guard.ts'
import { type Environment, inTransaction, report, withFreshInspection } from './environment.ts'
import { checkEnforced, checkOptions, type InsertOptions } from './options.ts'
import { prepareRows } from './prepare.ts'
import { rejection } from './rejection.ts'
import { auditOf, contextOf, fastThenCareful, insertPrepared, record } from './write.ts'

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
  readonly verdicts: readonly Verdict[]

  constructor(verdicts: readonly Verdict[]) {
    super('rejected')
    this.verdicts = verdicts
  }
}

/** Inserts rows in one transaction; see `Onceover.insert`. */
export async function insertArray<G extends Guard>(
  environment: Environment,
  guard: G,
  rows: readonly RowOf<G>[],
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
  return withFreshInspection(environment, guard, () =>
    insertOnce(environment, guard, rows, options, shape),
  )
}

async function insertOnce<G extends Guard>(
  environment: Environment,
  guard: G,
  rows: readonly RowOf<G>[],
  options: InsertOptions,
  { offset, run, allColumns }: CallShape,
): Promise<InsertResult<KeyOf<G>>> {
  const { database } = environment
  const reading = options.handle ? database.within(options.handle) : database.session
  const [inspection, recorded] = await reading.savepoint(
    async () =>
      [await environment.inspect(guard, reading), await environment.audited(reading)] as const,
  )
  checkEnforced(inspection)
  const audit = { ...auditOf(inspection, options), ...(run && { run }) }
  const shown = allColumns ? [...inspection.table.columns.values()] : inspection.shown
  const context = contextOf(inspection, options, recorded ? audit : undefined, shown)
  const prepared = prepareRows(inspection, rows, offset)
  const verdicts = await fastThenCareful((careful) =>
    inTransaction(environment, options, async (session) => {
      const done = await insertPrepared(session, context, prepared, careful)
      const all = done.every(({ verdict }) => verdict === 'created')
      if (options.onDuplicate === 'reject' && !all) throw new Rejected(done)
      return done
    }),
  ).catch(async (error: unknown) => {
    if (!(error instanceof Rejected)) throw error
    const rest = error.verdicts.filter(({ verdict }) => verdict !== 'created')
    await inTransaction(environment, options, (session) => record(session, context, rest))
    report(environment, audit, totalsOf(rest), rest, recorded)
    throw rejection(guard.name, error.verdicts)
  })
  const totals = totalsOf(verdicts)
  report(environment, audit, totals, verdicts, recorded)
  return {
    ...(recorded && { run: audit.run }),
    totals,
    verdicts: verdicts as readonly Verdict<KeyOf<G>>[],
  }
}

/** What an insert of one row answers: its verdict, with `run` as in InsertResult. */
export type InsertOneResult<Key = RowValues> = Omit<Verdict<Key>, 'index' | 'firstIndex'> & {
  readonly run?: string
}

/** Inserts one row and answers with all its columns; see `Onceover.insertOne`. */
export async function insertOne<G extends Guard>(
  environment: Environment,
  guard: G,
  row: RowOf<G>,
  options: InsertOptions,
): Promise<InsertOneResult<KeyOf<G>>> {
  const shape = { ...WHOLE, allColumns: true }
  const { run, verdicts } = await insertArray(environment, guard, [row], options, shape)
  const [verdict] = verdicts
  if (!verdict) throw new OnceoverError('INPUT_INVALID', { message: 'There is no row.' })
  const { index: _, ...rest } = verdict
  return { ...rest, ...(run !== undefined && { run }) }
}
