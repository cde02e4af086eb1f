import { randomUUID } from 'node:crypto'
import { type Audit, recordOutcomes } from '../audit/queries.ts'
import type { Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { isRowFault } from '../postgres/sqlstates.ts'
import { type Context, insertChunk, parsePlaces, refusedRow } from './chunk.ts'
import { isolate } from './isolate.ts'
import type { InsertOptions } from './options.ts'
import { attemptedKey, jsonInput, type Prepared, type Row } from './prepare.ts'
import { orderRows } from './queries.ts'

/** Rows of one statement and keys of one event. */
export const CHUNK_ROWS = 1000

/** The run of a call: its id, and who asks. */
export const auditOf = (inspection: Inspection, options: InsertOptions): Audit => ({
  run: randomUUID(),
  guard: inspection.guard.name,
  parts: inspection.parts.map(({ name }) => name),
  policy: options.onDuplicate ?? 'skip',
  reason: options.reason,
  actor: options.actor,
})

/** What the statements of a call share. Without an audit nothing is recorded. */
export const contextOf = (
  inspection: Inspection,
  options: InsertOptions,
  audit: Audit | undefined,
  shown: readonly Column[] = inspection.shown,
): Context => {
  const policy = options.onDuplicate ?? 'skip'
  return { inspection, shown, audit, policy: policy === 'reject' ? 'skip' : policy }
}

/** Records verdicts that no insert statement has recorded. */
export async function record(
  session: Session,
  { inspection, audit }: Context,
  verdicts: readonly Verdict[],
): Promise<void> {
  if (!audit || verdicts.length === 0) return
  const { parts, table } = inspection
  const outcomes = verdicts.map(({ index, verdict, reason, key, existing }) => ({
    ord: index,
    verdict,
    reason,
    key: parts.map(({ name }) => key[name] ?? null),
    found_id:
      existing && Object.fromEntries(table.primaryKey.map(({ name }) => [name, existing[name]])),
  }))
  await session.query(recordOutcomes(audit, JSON.stringify(outcomes)))
}

/** Verdicts of the rows that PostgreSQL refused, named by their places among `rows`. */
export const refusedRows = (
  context: Context,
  rows: readonly Row[],
  faults: readonly Fault[],
): Verdict[] =>
  faults.flatMap(({ place, error }) => {
    const row = rows[place]
    if (!row) return []
    return refusedRow(context.inspection, row, attemptedKey(context.inspection, row.values), error)
  })

interface Fault {
  readonly place: number
  readonly error: unknown
}

interface Ordered {
  readonly rows: readonly Row[]
  readonly verdicts: readonly Verdict[]
}

// One order over the whole input: chunks sorted each for itself can deadlock with another call's.
async function orderAll(
  session: Session,
  context: Context,
  rows: readonly Row[],
): Promise<Ordered> {
  const { inspection } = context
  const answer = await isolate(session, 0, rows.length, async (start, end) => {
    const part = rows.slice(start, end)
    const pairs = parsePlaces(
      await session.query(orderRows(inspection, jsonInput(inspection, part))),
    )
    return pairs.flatMap(([place, first]) => {
      const row = part[place]
      return row ? [{ row, first: part[first] ?? row }] : []
    })
  })
  const pairs = answer.results.flat()
  return {
    // Where a row was refused, the parts are ordered each for itself: a deadlock is then retried.
    rows: pairs.flatMap(({ row, first }) => (row === first ? [row] : [])),
    verdicts: [
      ...refusedRows(context, rows, answer.refused),
      ...pairs.flatMap(({ row, first }): Verdict[] => {
        if (row === first) return []
        const key = attemptedKey(inspection, row.values)
        return [{ index: row.index, verdict: 'collided', key, firstIndex: first.index }]
      }),
    ],
  }
}

async function insertOrdered(session: Session, context: Context, rows: readonly Row[]) {
  const verdicts: Verdict[] = []
  const unrecorded: Verdict[] = []
  const ordered = await orderAll(session, context, rows)
  unrecorded.push(...ordered.verdicts)
  for (let from = 0; from < ordered.rows.length; from += CHUNK_ROWS) {
    const chunk = ordered.rows.slice(from, from + CHUNK_ROWS)
    const { results, refused: faults } = await isolate(session, 0, chunk.length, (start, end) => {
      // A part of a chunk is recorded with the rest of it, in one event for each verdict.
      const whole = end - start === chunk.length
      const part = whole ? context : { ...context, audit: undefined }
      return insertChunk(session, part, chunk.slice(start, end)).then((done) => ({
        ...done,
        whole,
      }))
    })
    for (const { whole, ...done } of results) {
      verdicts.push(...done.verdicts)
      unrecorded.push(...(whole ? done.unrecorded : done.verdicts))
    }
    unrecorded.push(...refusedRows(context, chunk, faults))
  }
  return { verdicts, unrecorded }
}

const byIndex = (left: Verdict, right: Verdict): number => left.index - right.index

/**
 * Inserts prepared rows inside the transaction of a session, and records every verdict.
 *
 * @param careful isolate rows that break the statement; the fast way lets the error out
 */
export async function insertPrepared(
  session: Session,
  context: Context,
  { rows, invalid }: Prepared,
  careful: boolean,
): Promise<readonly Verdict[]> {
  const fast = !careful && rows.length <= CHUNK_ROWS
  const done = fast
    ? await insertChunk(session, context, rows)
    : await insertOrdered(session, context, rows)
  const unrecorded = [...invalid, ...done.unrecorded]
  await record(session, context, unrecorded)
  return [...new Set([...done.verdicts, ...unrecorded])].sort(byIndex)
}

/** Runs `attempt` the fast way, and carefully where a row broke it. */
export async function fastThenCareful<T>(attempt: (careful: boolean) => Promise<T>): Promise<T> {
  try {
    return await attempt(false)
  } catch (error) {
    if (!isRowFault(error)) throw error
    return attempt(true)
  }
}
