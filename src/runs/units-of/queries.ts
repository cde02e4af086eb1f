import { allOf, isoMoment, type PageSearch } from '../../audit/page/queries.ts'
import { LOOK } from '../../audit/page.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** Which units of a run to read. */
export interface UnitSelection {
  readonly run: string
  readonly verdict: string | undefined
  /** The moment and the id of the event, and the unit's place in it, after which to go on. */
  readonly after: readonly string[] | undefined
  readonly limit: number
}

const UNIT = `json_build_object('parts', parts, 'key', once_key, 'verdict', verdict,
    'reason', reason, 'existing', once_met, 'at', ${isoMoment('at')})`

/** How to look for a page of a run's units: the newest event first, within it as they stood. */
export function searchUnits({ run, verdict, after, limit }: UnitSelection): PageSearch {
  const [at, id, place] = after ?? []
  const event = sql`(${at ?? null}::timestamptz, ${id ?? null}::bigint)`
  const older = at === undefined ? [] : [sql`(at, id) <= ${event}`]
  const newer =
    place === undefined ? sql`true` : sql`((at, id) < ${event} OR once_place > ${place}::bigint)`
  const look = Math.max(LOOK, limit + 1)
  // What an event says of nobody's unit is looked at too: it may be all that there is for long. One
  // event more than units: of that which a page goes on in, nothing may be left.
  return {
    stream: sql`SELECT event.*, once_key, once_met, once_place, false AS once_far
      FROM (SELECT * FROM onceover.event WHERE ${allOf([sql`run_id = ${run}::uuid`, ...older])}
        ORDER BY at DESC, id DESC LIMIT ${look + 1}) AS event
      LEFT JOIN LATERAL ROWS FROM (json_array_elements(keys), json_array_elements(existing))
        WITH ORDINALITY AS units(once_key, once_met, once_place)
        ON ${verdict === undefined ? sql`verdict <> 'taken_over'` : sql`verdict = ${verdict}::text`}
      WHERE once_place IS NULL OR ${newer} LIMIT ${look}`,
    as: 'unit',
    conditions: [sql`once_place IS NOT NULL`],
    item: sql.raw(UNIT),
    cursor: [isoMoment('at'), 'id::text', 'coalesce(once_place, 1000000)::text'],
    oldest: 'at, id, once_place DESC',
    newest: 'at DESC, id DESC, once_place',
    look,
    limit,
  }
}

/** Whether there is such a run. */
export const selectRunThere = (run: string): Sql =>
  sql`SELECT FROM onceover.run WHERE id = ${run}::uuid`
