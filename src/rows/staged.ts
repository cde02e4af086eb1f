import { OnceoverError } from '../core/error.ts'
import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { type Context, MAX_RACES, unresolved, zip } from './chunk.ts'
import { lockInput } from './copies.ts'
import { type Fault, isolate } from './isolate.ts'
import { attemptedKey } from './prepare.ts'
import { refusedRow } from './refused.ts'
import {
  countOrdered,
  createKept,
  dropStaged,
  indexOrdered,
  insertOrdered,
  keepCollided,
  orderStaged,
  type Range,
  readStaged,
  type Stage,
  selectOrderedKeys,
  selectStagedColumns,
  selectStagedRow,
  stagedInput,
  stageRows,
} from './staged/queries.ts'

/** What a SELECT came to. */
export interface Staged {
  readonly columns: readonly Column[]
  readonly rows: number
}

/**
 * Runs a SELECT into a temporary table: a lost race or a bad row never runs it again.
 *
 * @throws OnceoverError COLUMN_NOT_FOUND where it answers with a column that cannot be inserted
 */
export async function stage(
  session: Session,
  { table, guard, copies }: Inspection,
  select: Sql,
): Promise<Staged> {
  await session.query(stageRows(select))
  const found = await session.query<{ name: string; rows: string }>(selectStagedColumns())
  if (found.length === 0) {
    throw new OnceoverError('COLUMN_NOT_FOUND', {
      message: `The SELECT for ${guard.table} answers with no column at all.`,
      fix: 'Name at least the columns of the key.',
      details: { guard: guard.name, table: guard.table },
    })
  }
  const columns = found.map(({ name }) => {
    const column = table.columns.get(name)
    const ours = column && (column.generated || column.identity === 'a' || column === copies)
    if (column && !ours) return column
    throw new OnceoverError('COLUMN_NOT_FOUND', {
      message: `The SELECT answers with ${name}, which is no column to insert into ${guard.table}.`,
      fix: 'Name each column of the SELECT after the column it goes into, with AS.',
      details: { guard: guard.name, table: guard.table, column: name },
    })
  })
  return { columns, rows: Number(found[0]?.rows ?? 0) }
}

/**
 * Runs a statement over staged rows until none of them races, and returns the places of those that
 * never stopped. `run` answers with the places that raced.
 */
export async function untilSettled(
  session: Session,
  { inspection }: Context,
  { columns }: Staged,
  table: Stage,
  range: Range,
  run: (input: ReturnType<typeof stagedInput>) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  let waiting = range
  for (let race = 0; ; race++) {
    const input = stagedInput(table, columns, waiting)
    if (inspection.copies) await lockInput(session, inspection, input)
    const raced = await run(input)
    if (raced.length === 0 || race === MAX_RACES) return raced
    waiting = { places: raced }
  }
}

// Rows that cannot be read have no key: they are named by what was selected.
async function siftStaged(
  session: Session,
  { inspection }: Context,
  { columns, rows }: Staged,
): Promise<Verdict[]> {
  const { refused } = await isolate(session, 0, rows, (start, end) =>
    session.query(
      readStaged(inspection, stagedInput('onceover_staged_rows', columns, [start, end])),
    ),
  )
  const verdicts: Verdict[] = []
  for (const { place, error } of refused) {
    const [row] = await session.query<{ values: string }>(selectStagedRow(place))
    const values: RowValues = JSON.parse(row?.values ?? '{}')
    const key = attemptedKey(inspection, values)
    verdicts.push(refusedRow(inspection, { index: place, values }, key, error))
  }
  if (refused.length > 0) await session.query(dropStaged(refused.map(({ place }) => place)))
  return verdicts
}

async function refusedVerdicts(
  session: Session,
  { inspection }: Context,
  { columns }: Staged,
  faults: readonly Fault[],
): Promise<Verdict[]> {
  if (faults.length === 0) return []
  const places = faults.map(({ place }) => place)
  const input = stagedInput('onceover_ordered_rows', columns, { places })
  const [answer] = await session.query<{ keys: string }>(selectOrderedKeys(inspection, input))
  const keyed: [place: number, source: number, key: unknown[]][] = JSON.parse(answer?.keys ?? '[]')
  const errors = new Map(faults.map(({ place, error }) => [place, error]))
  return keyed.map(([place, index, values]) => {
    const key = zip(inspection.parts, values)
    const error = errors.get(place)
    return error === undefined
      ? { index, verdict: 'failed', key, ...unresolved(inspection) }
      : refusedRow(inspection, { index, values: {} }, key, error)
  })
}

// A failed statement leaves its rows behind as garbage: small ones leave less.
const PART_ROWS = 10_000

/**
 * Inserts staged rows one by one where they break a statement: in one order, by key, with equal
 * rows set aside first. Keeps the outcomes, and returns the verdicts of the rows refused.
 */
export async function insertCarefully(
  session: Session,
  context: Context,
  staged: Staged,
): Promise<readonly Verdict[]> {
  const { inspection } = context
  await session.query(createKept())
  const verdicts = await siftStaged(session, context, staged)
  const all = stagedInput('onceover_staged_rows', staged.columns, [0, staged.rows])
  await session.query(keepCollided(inspection, all))
  await session.query(orderStaged(inspection, all))
  await session.query(indexOrdered())
  const [{ rows } = { rows: '0' }] = await session.query<{ rows: string }>(countOrdered())
  const faults: Fault[] = []
  for (let from = 0; from < Number(rows); from += PART_ROWS) {
    const to = Math.min(from + PART_ROWS, Number(rows))
    const { results, refused } = await isolate(session, from, to, (start, end) =>
      untilSettled(
        session,
        context,
        staged,
        'onceover_ordered_rows',
        [start, end],
        async (input) => {
          const statement = insertOrdered({ ...context, input })
          const [answer] = await session.query<{ places: string | null }>(statement)
          return JSON.parse(answer?.places ?? '[]')
        },
      ),
    )
    faults.push(...refused, ...results.flat().map((place) => ({ place, error: undefined })))
  }
  verdicts.push(...(await refusedVerdicts(session, context, staged, faults)))
  return verdicts.sort((left, right) => left.index - right.index)
}
