import { randomBytes } from 'node:crypto'
import { startServer } from 'onceover/embedded'
import pg from 'pg'

/** An empty database that lives as long as the benchmarks. */
export interface BenchDatabase {
  readonly url: string
  /** Drops the database, and stops the server where it is ours. May be called again. */
  close(): Promise<void>
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

async function createOn(url: string, stop: () => Promise<void>): Promise<BenchDatabase> {
  const name = `onceover_bench_${randomBytes(4).toString('hex')}`
  await administer(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  const created = new URL(url)
  created.pathname = `/${name}`
  let closed: Promise<void> | undefined
  const close = () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`).finally(stop)
  return {
    url: created.href,
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/**
 * Creates a database on the server of `db`, or on an embedded one that is started with PostgreSQL's
 * own settings: a benchmark without fsync would measure another product.
 */
export async function openDatabase(db: string | undefined): Promise<BenchDatabase> {
  if (db !== undefined) return createOn(db, async () => undefined)
  const server = await startServer()
  return createOn(server.url, () => server.stop()).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
}
