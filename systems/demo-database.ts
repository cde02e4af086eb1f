import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** Databases that live as long as the demo, on a server that may hold others. */
export interface ThrowAwayDatabases {
  /** What their names start with. */
  readonly prefix: string
  /** Creates an empty database and gives its URL. */
  create(label: string): Promise<string>
  /** Drops every database made here, and no other. */
  dropAll(): Promise<void>
}

const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * Makes databases of the demo's own beside whatever the server of `url` holds. Their names start
 * with `onceover_demo_` and a random part, so that two demos never meet.
 *
 * @throws Error where the role may not create databases
 */
export function throwAwayDatabases(url: string): ThrowAwayDatabases {
  const prefix = `onceover_demo_${randomBytes(4).toString('hex')}`
  const names: string[] = []
  const run = async (...statements: readonly string[]) => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  return {
    prefix,
    create: async (label) => {
      const name = `${prefix}_${label}`
      names.push(name)
      await run(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`).catch(explain)
      const created = new URL(url)
      created.pathname = `/${name}`
      return created.href
    },
    dropAll: async () => {
      const statements = names
        .splice(0)
        .map((name) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      if (statements.length > 0) await run(...statements)
    },
  }
}

function explain(error: unknown): never {
  if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE) {
    throw new Error(
      'The role may not create databases, and the demo works only in databases of its own. ' +
        'Grant it CREATEDB, or run without --db and DATABASE_URL to use the embedded server.',
      { cause: error },
    )
  }
  throw error
}
