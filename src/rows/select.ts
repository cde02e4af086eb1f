import { OnceoverError } from '../core/error.ts'
import { emptyTotals, type RowValues, type Verdict, type VerdictName } from '../core/verdict.ts'
import type { Guard, KeyOf } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { openCall } from './call.ts'
import type { Context } from './chunk.ts'
import {
  type Environment,
  inTransaction,
  inTurn,
  report,
  withFreshInspection,
} from './environment.ts'
import {
  dropStage,
  selectStagedColumns,
  selectStagedRow,
  stagedRelation,
  stageRows,
} from './input/queries.ts'
import type { InsertResult } from './insert.ts'
import { isolate } from './isolate.ts'
import { checkOptions, type InsertOptions } from './options.ts'
import { attemptedKey } from './prepare.ts'
import { insertSelected } from './queries.ts'
import { lockKeys } from './ranked/queries.ts'
import { record } from './record.ts'
import { refusedRow } from './refused.ts'

interface Staged {
  readonly columns: readonly Column[]
  readonly rows: number
}

// The SELECT runs once, into a temporary table: a lost race or a bad row never runs it again.
async function stage(
  session: Session,
  { table, guard, copies }: Inspection,
  select: Sql,
): Promise<Staged> {
  await session.query(stageRows(select))
  const found = await session.query<{ name: string; rows: string }>(selectStagedColumns())
  const columns = found.map(({ name }) => {
    const column = table.columns.get(name)
    if (column && !column.generated && column !== copies) return column
    throw new OnceoverError('COLUMN_NOT_FOUND', {
      message: `The SELECT answers with ${name}, which is no column to insert into ${guard.table}.`,
      fix: 'Name each column of the SELECT after the column it goes into, with AS.',
      details: { guard: guard.name, table: guard.table, column: name },
    })
  })
  return { columns, rows: Number(found[0]?.rows ?? 0) }
}

type Counted = Map<VerdictName, number>

const MAX_RACES = 10

async function insertRange(
  session: Session,
  context: Context,
  staged: Staged,
  range: readonly [number, number],
) {
  const counted: Counted = new Map()
  let raced: readonly number[] | undefined
  for (let race = 0; race <= MAX_RACES; race++) {
    const relation = stagedRelation(staged.columns, range, raced)
    const single = (raced?.length ?? range[1] - range[0]) === 1
    const input = { relation, columns: staged.columns, partial: new Set<Column>(), single }
    if (context.inspection.copies) await session.query(lockKeys(context.inspection, input))
    const answer = await session.query<{ verdict: string; count: string; places: string | null }>(
      insertSelected({ ...context, input }),
    )
    raced = undefined
    for (const { verdict, count, places } of answer) {
      if (verdict === 'raced') raced = [...(raced ?? []), ...JSON.parse(places ?? '[]')]
      else {
        const name = verdict as VerdictName
        counted.set(name, (counted.get(name) ?? 0) + Number(count))
      }
    }
    if (!raced) return { counted, lost: [] }
  }
  return { counted, lost: raced ?? [] }
}

const LOST = 'PostgreSQL neither inserted the row nor shows one with its key: see its triggers'

async function refusedVerdicts(
  session: Session,
  { inspection }: Context,
  faults: readonly { readonly place: number; readonly error: unknown }[],
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { place, error } of faults) {
    const [row] = await session.query<{ values: string }>(selectStagedRow(place))
    const values: RowValues = JSON.parse(row?.values ?? '{}')
    const key = attemptedKey(inspection, values)
    verdicts.push(
      error === undefined
        ? { index: place, verdict: 'failed', key, reason: LOST }
        : refusedRow(inspection, { index: place, values }, key, error),
    )
  }
  return verdicts
}

async function insertStaged(session: Session, context: Context, select: Sql) {
  const staged = await stage(session, context.inspection, select)
  const { results, refused } = await isolate(session, 0, staged.rows, (start, end) =>
    insertRange(session, context, staged, [start, end]),
  )
  const lost = results.flatMap((each) => each.lost.map((place) => ({ place, error: undefined })))
  const verdicts = await refusedVerdicts(session, context, [...refused, ...lost])
  await record(session, context, verdicts)
  await session.query(dropStage())
  const totals = emptyTotals()
  totals.rows = staged.rows
  for (const { counted } of results) for (const [name, count] of counted) totals[name] += count
  for (const { verdict } of verdicts) totals[verdict]++
  return { totals, verdicts }
}

/** Inserts the rows of a SELECT inside the database; see `Onceover.insert`. */
export async function insertSelect<G extends Guard>(
  environment: Environment,
  guard: G,
  select: Sql,
  options: InsertOptions,
): Promise<InsertResult<KeyOf<G>>> {
  checkOptions(guard, options)
  return inTurn(options, () =>
    withFreshInspection(environment, guard, async () => {
      const { context, audit, recorded } = await openCall(environment, guard, options, {})
      const { totals, verdicts } = await inTransaction(environment, options, async (session) => {
        const done = await insertStaged(session, context, select)
        const all = done.totals.created === done.totals.rows
        if (options.onDuplicate === 'reject' && !all) throw rejectedSelect(guard, done.totals)
        return done
      })
      report(environment, audit, totals, verdicts, recorded)
      return {
        ...(recorded && { run: audit.run }),
        totals,
        verdicts: verdicts as readonly Verdict<KeyOf<G>>[],
      }
    }),
  )
}

const rejectedSelect = (guard: Guard, totals: InsertResult['totals']): OnceoverError =>
  new OnceoverError('ROWS_REJECTED', {
    message:
      `${totals.rows - totals.created} of ${totals.rows} selected rows for the guard ` +
      `${guard.name} cannot be created, so nothing was written.`,
    details: { guard: guard.name, totals },
  })
