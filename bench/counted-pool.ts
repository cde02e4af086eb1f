import pg from 'pg'

/** A pool that counts the statements of all its clients. */
export interface CountedPool {
  readonly pool: pg.Pool
  /** Statements sent so far, BEGIN and COMMIT included. */
  readonly statements: () => number
}

const MAX_CLIENTS = 10

/** Opens a pool whose clients count what they send. */
export function countedPool(url: string): CountedPool {
  let sent = 0
  const pool = new pg.Pool({ connectionString: url, max: MAX_CLIENTS })
  // A server that is stopped ends idle clients; without a listener that ends the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.query = new Proxy(client.query, {
      apply: (query, self, given) => {
        sent++
        return Reflect.apply(query, self, given)
      },
    })
  })
  return { pool, statements: () => sent }
}
