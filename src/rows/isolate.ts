import type { Session } from '../postgres/session.ts'
import { isRowFault } from '../postgres/sqlstates.ts'

/** What came of a range of rows: results of the statements that passed, and the rows that did not. */
export interface Isolated<Result> {
  readonly results: Result[]
  readonly refused: { readonly place: number; readonly error: unknown }[]
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
