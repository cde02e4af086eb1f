import { emptyTotals, type Totals, type Verdict, type VerdictName } from '../core/verdict.ts'
import type { Guard, KeyOf } from '../guards/guard.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { isRowFault } from '../postgres/sqlstates.ts'
import { type Call, openCall } from './call.ts'
import { asVerdict, type Context, type Outcome } from './chunk.ts'
import { type Environment, inTransaction, inTurn, withFreshInspection } from './environment.ts'
import { answer, type InsertResult } from './insert.ts'
import { checkOptions, type InsertOptions } from './options.ts'
import { insertAndCount } from './queries.ts'
import { checkAtOnce } from './ranked/queries.ts'
import { record } from './record.ts'
import { rejection } from './rejection.ts'
import { countKept, dropStages, recordKept, selectKept } from './staged/queries.ts'
import { insertCarefully, type Staged, stage, untilSettled } from './staged.ts'

interface Counted {
  readonly totals: Totals
  /** The rows that PostgreSQL refused; for a rejected input, every row that was not created. */
  readonly verdicts: readonly Verdict[]
}

interface Count {
  readonly verdict: VerdictName | 'raced'
  readonly count: string
  readonly places: string | null
}

// A row that never stops racing is for the careful way to judge.
class Unsettled extends Error {}

async function insertAtOnce(session: Session, context: Context, staged: Staged): Promise<Counted> {
  const totals = { ...emptyTotals(), rows: staged.rows }
  if (staged.rows === 0) {
    await record(session, context, [])
    return { totals, verdicts: [] }
  }
  const table = 'onceover_staged_rows'
  const range = [0, staged.rows] as const
  const lost = await untilSettled(session, context, staged, table, range, async (input) => {
    const raced: number[] = []
    for (const answer of await session.query<Count>(insertAndCount({ ...context, input }))) {
      if (answer.verdict !== 'raced') totals[answer.verdict] += Number(answer.count)
      else for (const place of JSON.parse(answer.places ?? '[]')) raced.push(place)
    }
    return raced
  })
  if (lost.length > 0) throw new Unsettled()
  return { totals, verdicts: [] }
}

// Thrown to roll a rejected input back; never leaves this file.
class Rejected extends Error {
  readonly done: Counted

  constructor(done: Counted) {
    super('rejected')
    this.done = done
  }
}

async function keptVerdicts(session: Session, context: Context): Promise<readonly Verdict[]> {
  const [answer] = await session.query<{ outcomes: string | null }>(selectKept())
  const outcomes: readonly Outcome[] = JSON.parse(answer?.outcomes ?? '[]')
  return outcomes.map((outcome) => asVerdict(context, [], { ...outcome, made: null }))
}

async function insertOneByOne(
  session: Session,
  context: Context,
  staged: Staged,
  rejecting: boolean,
): Promise<Counted> {
  const refused = await insertCarefully(session, context, staged)
  const totals = { ...emptyTotals(), rows: staged.rows }
  for (const { verdict } of refused) totals[verdict]++
  const counts = await session.query<{ verdict: VerdictName; count: string }>(countKept())
  for (const { verdict, count } of counts) totals[verdict] += Number(count)
  if (rejecting && totals.created < totals.rows) {
    const verdicts = [...(await keptVerdicts(session, context)), ...refused]
    verdicts.sort((left, right) => left.index - right.index)
    throw new Rejected({ totals: { ...totals, created: 0 }, verdicts })
  }
  if (context.audit) await session.query(recordKept(context.audit))
  if (refused.length > 0) await record(session, context, refused)
  return { totals, verdicts: refused }
}

async function insertStaged(
  environment: Environment,
  session: Session,
  { context }: Call,
  select: Sql,
  rejecting: boolean,
): Promise<Counted & { readonly rejected?: true }> {
  const { inspection } = context
  const staged = await stage(session, inspection, select)
  try {
    if (!rejecting) return await session.savepoint(() => insertAtOnce(session, context, staged))
  } catch (error) {
    if (!isRowFault(error) && !(error instanceof Unsettled)) throw error
    // What is wrong with a row may be only that the table has changed since it was looked at.
    environment.forget(inspection.guard)
  }
  const fresh = await environment.inspect(inspection.guard, session)
  const columns = staged.columns.map(({ name }) => fresh.table.columns.get(name))
  const again = {
    ...staged,
    columns: columns.filter((column) => column !== undefined),
  }
  const now = { ...context, inspection: fresh, shown: fresh.shown }
  try {
    return await session.savepoint(() => insertOneByOne(session, now, again, rejecting))
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    await record(session, context, error.done.verdicts)
    return { ...error.done, rejected: true }
  }
}

/** Inserts the rows of a SELECT inside the database; see `Onceover.insert`. */
export async function insertSelect<G extends Guard>(
  environment: Environment,
  guard: G,
  select: Sql,
  options: InsertOptions,
): Promise<InsertResult<KeyOf<G>>> {
  checkOptions(guard, options)
  const rejecting = options.onDuplicate === 'reject'
  const attempt = (call: Call, strict: boolean) =>
    inTransaction(environment, options, call.inspection, async (session) => {
      if (strict) await session.query(checkAtOnce())
      const done = await insertStaged(environment, session, call, select, rejecting)
      await session.query(dropStages())
      return done
    })
  return inTurn(options, () =>
    withFreshInspection(environment, guard, async () => {
      const call = await openCall(environment, guard, options, {})
      const done = await attempt(call, false).catch((error: unknown) => {
        // A row broke a constraint that COMMIT checked: it can be told only where it is checked.
        if (options.handle || !isRowFault(error)) throw error
        return attempt(call, true)
      })
      const { totals, verdicts, rejected } = done
      const answered = answer<G>(environment, { call, verdicts }, totals)
      if (rejected) throw rejection(call.inspection, verdicts, totals.rows)
      return answered
    }),
  )
}
