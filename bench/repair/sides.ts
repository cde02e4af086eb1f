import type { Onceover } from 'onceover'
import type pg from 'pg'
import {
  countLosers,
  deleteLosers,
  dropHandmade,
  freeze,
  handmade,
  makeArchives,
  moveChildren,
  putBack,
  recount,
  type Variant,
} from './raw-sql.ts'
import { lessonGuard, type Site } from './table.ts'

/** A repair that was begun: its steps, in order. */
export interface Repair {
  plan(): Promise<void>
  apply(): Promise<void>
  /** Counts again what duplicates are left, where `apply` has not done it. */
  verify(): Promise<void>
  undo(): Promise<void>
  /** The table of what was removed, and that of the children's changes: id, old and new value. */
  kept(): { readonly rows: string; readonly moves: string }
  /** Drops what the repair keeps. */
  clear(): Promise<void>
}

/** One of the sides that are compared. */
export interface Side {
  readonly name: string
  begin(site: Site): Repair
}

function requireNoneLeft(groups: number | undefined): void {
  if (groups !== 0) throw new Error(`${groups} duplicate groups are left after a repair.`)
}

/**
 * Repairs through Onceover. Its brake on the write-ahead log is off: raw SQL has none, and it would
 * be measured instead.
 */
export const onceoverSide = (once: Onceover, pool: pg.Pool): Side => ({
  name: 'onceover',
  begin: (site) => {
    const lessons = lessonGuard(site)
    let plan: Awaited<ReturnType<Onceover['planRepair']>> | undefined
    const planned = () => {
      if (plan) return plan
      throw new Error('Nothing was planned.')
    }
    return {
      plan: async () => {
        plan = await once.planRepair(lessons)
      },
      apply: async () => {
        const options = { walBytesPerS: Number.MAX_SAFE_INTEGER }
        const { left } = await once.applyRepair(lessons, planned(), options)
        requireNoneLeft(left.groups)
      },
      verify: async () => undefined,
      undo: async () => {
        await once.undoRepair(planned().repair)
      },
      kept: () => {
        const of = (what: string) => `onceover.repair_${planned().repair}_${what}`
        return {
          rows: `SELECT id, provider_id, lesson_date, time_slot, subject FROM ${of('rows_0')}`,
          moves: `SELECT once_p0, once_o0, once_n0 FROM ${of('moves_0')}`,
        }
      },
      clear: async () => {
        const { rows } = await pool.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relnamespace = 'onceover'::regnamespace
            AND relkind = 'r' AND relname LIKE $1`,
          [`repair\\_${planned().repair}\\_%`],
        )
        for (const { name } of rows) await pool.query(`DROP TABLE onceover.${name}`)
      },
    }
  },
})

// The size that was the fastest of 1,000, 5,000 and 20,000.
const BATCH = 5_000

async function inBatches(pool: pg.Pool, site: Site): Promise<void> {
  const { rows } = await pool.query<{ losers: number }>(countLosers(site))
  const losers = rows[0]?.losers ?? 0
  const client = await pool.connect()
  try {
    for (let from = 1; from <= losers; from += BATCH) {
      const stretch = [from, from + BATCH - 1]
      await client.query('BEGIN')
      if (site.child) await client.query(moveChildren(site), stretch)
      await client.query(deleteLosers(site), stretch)
      await client.query('COMMIT')
    }
  } finally {
    client.release()
  }
}

/** Repairs by hand. */
export const rawSide = (pool: pg.Pool, variant: Variant): Side => {
  const runAll = async (statements: readonly string[]) => {
    for (const statement of statements) await pool.query(statement)
  }
  return {
    name: variant.name,
    begin: (site) => ({
      plan: () => runAll([...freeze(site, variant), ...makeArchives(site)]),
      apply: () => inBatches(pool, site),
      verify: async () => {
        const { rows } = await pool.query<{ groups: number }>(recount(site))
        requireNoneLeft(rows[0]?.groups)
      },
      undo: () => runAll([putBack(site).join(';\n')]),
      kept: () => ({
        rows: `SELECT * FROM ${handmade(site).archive}`,
        moves: `SELECT * FROM ${handmade(site).moves}`,
      }),
      clear: () => runAll([dropHandmade(site)]),
    }),
  }
}
