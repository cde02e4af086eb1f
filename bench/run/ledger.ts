import type pg from 'pg'

/** The tables that one side keeps its ledger in. */
export interface Ledger {
  readonly claim: string
  readonly event: string
  readonly run: string
}

/** The ledger of Onceover itself. */
export const OURS: Ledger = {
  claim: 'onceover.claim',
  event: 'onceover.event',
  run: 'onceover.run',
}

/** The ledger of a raw side. */
export const ledgerOf = (label: string): Ledger => ({
  claim: `claim_${label}`,
  event: `event_${label}`,
  run: `run_${label}`,
})

const TABLES = ['claim', 'event', 'run'] as const

const vacuumNot = (table: string): string => `ALTER TABLE ${table} SET (autovacuum_enabled = false)`

const selectOptions = `
  SELECT array_to_string(reloptions, ', ') AS options FROM pg_class WHERE oid = $1::regclass`

/**
 * Makes the ledgers of the raw sides like Onceover's, with its columns, checks, indexes and storage
 * parameters. Autovacuum is off for all of them.
 */
export async function makeLedgers(pool: pg.Pool, ledgers: readonly Ledger[]): Promise<void> {
  for (const name of TABLES) {
    await pool.query(vacuumNot(OURS[name]))
    const { rows } = await pool.query<{ options: string }>(selectOptions, [OURS[name]])
    const like = `(LIKE ${OURS[name]} INCLUDING ALL) WITH (${rows[0]?.options})`
    for (const ledger of ledgers) await pool.query(`CREATE TABLE ${ledger[name]} ${like}`)
  }
}

/** Empties the claims of all ledgers: a round shall not find those of another. */
export async function emptyClaims(pool: pg.Pool, ledgers: readonly Ledger[]): Promise<void> {
  await pool.query(`TRUNCATE ${ledgers.map(({ claim }) => claim).join(', ')}`)
}
