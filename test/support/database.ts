import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly url: string
  readonly pool: pg.Pool
  /** Ends the pool and drops the database, whoever is still connected. */
  drop(): Promise<void>
}

/** Creates an empty database with a unique name on the suite's server. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  await administer(`CREATE DATABASE ${name} TEMPLATE template0`)
  const url = new URL(inject('serverUrl'))
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href })
  // DROP ... WITH (FORCE) ends idle connections; without a listener that ends the process.
  pool.on('error', () => undefined)
  return {
    url: url.href,
    pool,
    drop: async () => {
      await pool.end()
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('serverUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
