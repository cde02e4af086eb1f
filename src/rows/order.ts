import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { zip } from './chunk.ts'
import { sift } from './isolate.ts'
import { jsonInput, type Row } from './prepare.ts'
import { orderRows } from './ranked/queries.ts'
import { refusedRows } from './refused.ts'

interface Place {
  readonly row: Row
  /** The first row of the input with the same key. */
  readonly first: Row
  /** The canonical key, where it was asked for. */
  readonly key: RowValues | undefined
}

type Placed = readonly [place: number, first: number, key: readonly unknown[] | null]

async function placesOf(
  session: Session,
  inspection: Inspection,
  rows: readonly Row[],
  keyed: 'every' | 'collided',
): Promise<readonly Place[]> {
  if (rows.length === 0) return []
  const statement = orderRows(inspection, jsonInput(inspection, rows), keyed)
  const [answer] = await session.query<{ places: string | null }>(statement)
  const places: readonly Placed[] = JSON.parse(answer?.places ?? '[]')
  return places.flatMap(([place, first, key]) => {
    const row = rows[place]
    if (!row) return []
    return [{ row, first: rows[first] ?? row, key: key ? zip(inspection.parts, key) : undefined }]
  })
}

/** The canonical keys of rows that PostgreSQL can read. */
export async function keysOf(
  session: Session,
  inspection: Inspection,
  rows: readonly Row[],
): Promise<ReadonlyMap<Row, RowValues>> {
  const places = await placesOf(session, inspection, rows, 'every')
  return new Map(places.map(({ row, key }) => [row, key ?? {}]))
}

/** An input in the order in which its rows go in. */
export interface Ordered {
  /** The first row of each key, and the rows that the key does not bind. */
  readonly rows: readonly Row[]
  /** Verdicts of the others: those that collided, and those that PostgreSQL cannot read. */
  readonly verdicts: readonly Verdict[]
}

/**
 * Puts a whole input into one order, by key: chunks sorted each for itself can deadlock with those
 * of another call.
 */
export async function orderAll(
  session: Session,
  inspection: Inspection,
  rows: readonly Row[],
): Promise<Ordered> {
  const { results, refused } = await sift(session, rows, (part) =>
    placesOf(session, inspection, part, 'collided'),
  )
  const collided = results.flatMap(({ row: { index }, first, key }): Verdict[] =>
    key ? [{ index, verdict: 'collided', key, firstIndex: first.index }] : [],
  )
  return {
    rows: results.flatMap(({ row, first }) => (row === first ? [row] : [])),
    verdicts: [...refusedRows(inspection, rows, refused), ...collided],
  }
}
