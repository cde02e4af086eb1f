import type pg from 'pg'

/** What the database says of a range of payouts. */
export interface Count {
  readonly units: number
  /** Units that are paid and done. */
  readonly once: number
  /** Units with more than one effect, or whose balance does not say one. */
  readonly doubled: number
  /** Units without an effect, or whose claim is not done. */
  readonly lost: number
  /** Units that the provider was called for more than once. */
  readonly chargedTwice: number
}

const COUNT = `
  WITH unit AS (
    SELECT number, coalesce((SELECT count(*) FROM effect WHERE effect.number = n.number), 0)
        AS effects, coalesce((SELECT sum(amount) FROM balance WHERE balance.number = n.number), 0)
        AS amount, (SELECT count(*) FROM charge WHERE charge.number = n.number) AS charges,
      (SELECT state FROM onceover.claim
        WHERE guard = 'payouts' AND key = jsonb_build_array(n.number)) AS state
    FROM unnest($1::int[]) AS n (number))
  SELECT count(*)::int AS units,
    count(*) FILTER (WHERE effects = 1 AND amount = 1 AND state = 'done')::int AS once,
    count(*) FILTER (WHERE effects > 1 OR amount > 1 OR effects <> amount)::int AS doubled,
    count(*) FILTER (WHERE effects = 0 OR state IS DISTINCT FROM 'done')::int AS lost,
    count(*) FILTER (WHERE charges > 1)::int AS "chargedTwice"
  FROM unit`

/** Counts what became of payouts. */
export async function countOf(db: pg.Pool, numbers: readonly number[]): Promise<Count> {
  const { rows } = await db.query(COUNT, [[...numbers]])
  return rows[0]
}

/** The count of payouts that all happened once. */
export const allOnce = (units: number): Count => ({
  units,
  once: units,
  doubled: 0,
  lost: 0,
  chargedTwice: 0,
})
