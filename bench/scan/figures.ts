import { isDeepStrictEqual } from 'node:util'
import type { ScanReport } from 'onceover'
import type pg from 'pg'
import type { Variant } from './raw-sql.ts'
import { KEY } from './table.ts'

interface Repeated {
  readonly groups: number
  readonly excess: number
}

/** What both sides find: every figure about rows that a scan of the table reports. */
export interface ScanFigures {
  readonly rows: number
  /** NULLs of each part. */
  readonly nulls: readonly number[]
  /** Rows whose text differs from its trimmed and folded form. */
  readonly nonCanonical: number
  /** Duplicates with NULLs taken as equal, and as distinct. */
  readonly equal: Repeated
  readonly distinct: Repeated
  /** The largest groups: key, rows, and the ids of the keeper and the first losers. */
  readonly largest: readonly {
    readonly key: readonly unknown[]
    readonly rows: number
    readonly ids: readonly unknown[]
  }[]
}

/** The figures of a report of ours. */
export const figuresOf = ({ rows, parts, nulls, duplicates }: ScanReport): ScanFigures => ({
  rows,
  nulls: parts.map((part) => part.nulls),
  nonCanonical: parts.reduce((sum, part) => sum + part.nonCanonical, 0),
  equal: nulls.equal,
  distinct: nulls.distinct,
  largest: duplicates.largest.map((group) => ({
    key: KEY.map((name) => group.key[name]),
    rows: group.rows,
    ids: [group.keeper, ...group.losers].map(({ id }) => id),
  })),
})

/** Runs a raw variant at one moment of the data, as a scan does. */
export async function findRaw(pool: pg.Pool, { statements }: Variant): Promise<object> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const figures = {}
    for (const statement of statements) {
      const { rows } = await client.query<{ figures: object }>(statement)
      Object.assign(figures, rows[0]?.figures)
    }
    await client.query('COMMIT')
    return figures
  } finally {
    client.release()
  }
}

/**
 * The fairness check of the scan.
 *
 * @throws Error with both findings where they differ
 */
export function checkSame(ours: ScanFigures, side: string, raw: object): void {
  if (isDeepStrictEqual(ours, raw)) return
  throw new Error(
    `The scan and the raw SQL "${side}" find different figures:\n` +
      `${JSON.stringify(ours)}\n${JSON.stringify(raw)}`,
  )
}
