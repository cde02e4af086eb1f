import type { Verdict } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import type { Care } from './care.ts'
import { type ChunkVerdicts, type Context, insertChunk } from './chunk.ts'
import { lockCopies } from './copies.ts'
import { isolate } from './isolate.ts'
import { keysOf, orderAll } from './order.ts'
import type { Prepared, Row } from './prepare.ts'
import { checkAtOnce } from './ranked/queries.ts'
import { record } from './record.ts'
import { refusedRows } from './refused.ts'

/** Rows of one statement. */
export const CHUNK_ROWS = 1000

async function insertIsolated(session: Session, context: Context, rows: readonly Row[]) {
  const { results, refused } = await isolate(session, 0, rows.length, async (start, end) => {
    // A part of a chunk is recorded with the rest of it, in one event for each verdict.
    const whole = end - start === rows.length
    const part = whole ? context : { ...context, audit: undefined }
    return { ...(await insertChunk(session, part, rows.slice(start, end))), whole }
  })
  const wrong = refused.flatMap(({ place }) => rows[place] ?? [])
  const keys = await keysOf(session, context.inspection, wrong)
  return {
    verdicts: results.flatMap(({ verdicts }) => verdicts),
    unrecorded: [
      ...results.flatMap(({ whole, ...done }) => (whole ? done.unrecorded : done.verdicts)),
      ...refusedRows(context.inspection, rows, refused, keys),
    ],
  }
}

async function insertOrdered(
  session: Session,
  context: Context,
  rows: readonly Row[],
): Promise<ChunkVerdicts> {
  const ordered = await orderAll(session, context.inspection, rows)
  const chunks: ChunkVerdicts[] = [{ verdicts: [], unrecorded: ordered.verdicts }]
  // All locks at once, in their order: chunk by chunk they would meet another call's the wrong way.
  const copied = context.inspection.copies !== undefined && ordered.rows.length > CHUNK_ROWS
  if (copied) await lockCopies(session, context.inspection, ordered.rows)
  for (let from = 0; from < ordered.rows.length; from += CHUNK_ROWS) {
    chunks.push(await insertIsolated(session, context, ordered.rows.slice(from, from + CHUNK_ROWS)))
  }
  return afresh(session, context, rows, {
    verdicts: chunks.flatMap(({ verdicts }) => verdicts),
    unrecorded: chunks.flatMap(({ unrecorded }) => unrecorded),
  })
}

// A row that collided with one that then failed was set aside for nothing: it has its turn now.
async function afresh(
  session: Session,
  context: Context,
  rows: readonly Row[],
  done: ChunkVerdicts,
): Promise<ChunkVerdicts> {
  const wrong = new Set(
    done.unrecorded.flatMap(({ index, verdict }) =>
      verdict === 'failed' || verdict === 'invalid' ? [index] : [],
    ),
  )
  const waiting = new Set(
    done.unrecorded.flatMap(({ index, verdict, firstIndex }) =>
      verdict === 'collided' && wrong.has(firstIndex ?? index) ? [index] : [],
    ),
  )
  if (waiting.size === 0) return done
  const rest = rows.filter(({ index }) => waiting.has(index))
  const again = await insertOrdered(session, context, rest)
  return {
    verdicts: [...done.verdicts, ...again.verdicts],
    unrecorded: [
      ...done.unrecorded.filter(({ index }) => !waiting.has(index)),
      ...again.unrecorded,
    ],
  }
}

const byIndex = (left: Verdict, right: Verdict): number => left.index - right.index

/** Inserts prepared rows inside the transaction of a session, and records every verdict. */
export async function insertPrepared(
  session: Session,
  context: Context,
  { rows, invalid }: Prepared,
  care: Care,
): Promise<readonly Verdict[]> {
  if (care === 'strict') await session.query(checkAtOnce())
  const done =
    care === 'fast' && rows.length <= CHUNK_ROWS
      ? await insertChunk(session, context, rows)
      : await insertOrdered(session, context, rows)
  const unrecorded = [...invalid, ...done.unrecorded]
  // The run of an empty input is recorded too: that there was nothing to do is worth knowing.
  if (unrecorded.length > 0 || rows.length === 0) await record(session, context, unrecorded)
  return [...new Set([...done.verdicts, ...unrecorded])].sort(byIndex)
}
