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
const CONNECT_MS = 10_000

/**
 * Makes databases of the demo's own beside whatever the server of `url` holds. Their names start
 * with `onceover_demo_` and a random part, so that two demos never meet.
 *
 * @throws Error where the role may not create databases
 */
export function throwAwayDatabases(url: string): ThrowAwayDatabases {
  const prefix = `onceover_demo_${randomBytes(4).toString('hex')}`
  const made: Promise<string>[] = []
  let closed = false
  const create = async (name: string) => {
    await run(url, [`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`]).catch(explain)
    return name
  }
  return {
    prefix,
    create: async (label) => {
      if (closed) throw new Error('The demo is ending.')
      const creation = create(`${prefix}_${label}`)
      made.push(creation)
      const created = new URL(url)
      created.pathname = `/${await creation}`
      return created.href
    },
    dropAll: async () => {
      closed = true
      // One that is being created at this moment is waited for, or it would be left behind.
      const names = await Promise.allSettled(made.splice(0))
      const drops = names.flatMap((name) =>
        name.status === 'fulfilled' ? [`DROP DATABASE ${name.value} WITH (FORCE)`] : [],
      )
      if (drops.length > 0) await run(url, drops)
    },
  }
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
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
