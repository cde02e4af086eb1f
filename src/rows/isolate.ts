import type { Session } from '../postgres/session.ts'
import { isRowFault } from '../postgres/sqlstates.ts'

/** A row that PostgreSQL refused by itself: its place, and what PostgreSQL said. */
export interface Fault {
  readonly place: number
  readonly error: unknown
}

/** What came of a range of rows: results of the statements that passed, and the rows refused. */
export interface Isolated<Result> {
  readonly results: readonly Result[]
  readonly refused: readonly Fault[]
}

/**
 * Runs a statement over the rows from `start` up to `end`, behind a savepoint. Where a row breaks
 * it, the range is halved until the rows at fault stand alone: the others stand. Errors that are
 * not the fault of a row are thrown.
 */
export async function isolate<Result>(
  session: Session,
  start: number,
  end: number,
  run: (start: number, end: number) => Promise<Result>,
): Promise<Isolated<Result>> {
  if (start >= end) return { results: [], refused: [] }
  try {
    return { results: [await session.savepoint(() => run(start, end))], refused: [] }
  } catch (error) {
    if (!isRowFault(error)) throw error
    if (end - start === 1) return { results: [], refused: [{ place: start, error }] }
  }
  const middle = Math.ceil((start + end) / 2)
  const left = await isolate(session, start, middle, run)
  const right = await isolate(session, middle, end, run)
  return {
    results: [...left.results, ...right.results],
    refused: [...left.refused, ...right.refused],
  }
}

/**
 * Runs a statement that writes nothing over all rows that it takes, at once: rows that break it
 * are isolated first. Half by half, equal keys in two halves would not meet.
 */
export async function sift<Row, Result>(
  session: Session,
  rows: readonly Row[],
  run: (rows: readonly Row[]) => Promise<readonly Result[]>,
): Promise<{ readonly results: readonly Result[]; readonly refused: readonly Fault[] }> {
  const { results, refused } = await isolate(session, 0, rows.length, (start, end) =>
    run(rows.slice(start, end)),
  )
  if (results.length <= 1) return { results: results[0] ?? [], refused }
  const places = new Set(refused.map(({ place }) => place))
  return { results: await run(rows.filter((_, place) => !places.has(place))), refused }
}
