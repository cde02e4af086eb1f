import type { Duplex } from 'node:stream'
import pg from 'pg'

/** What was sent to a server. */
export interface Sent {
  /** BEGIN and COMMIT included. */
  readonly statements: number
  /** How often somebody waited: what is sent before an answer came is one. */
  readonly roundTrips: number
}

/** A pool that counts the statements of all its clients. */
export interface CountedPool {
  readonly pool: pg.Pool
  /** Statements sent so far, BEGIN and COMMIT included. */
  readonly statements: () => number
  /** What `work` sends through the pool. */
  readonly count: (work: () => Promise<unknown>) => Promise<Sent>
}

const MAX_CLIENTS = 10

// On the wire: how a driver puts statements together is its own affair.
function onRoundTrip(stream: Duplex, count: () => void): void {
  let waiting = false
  stream.on('data', () => {
    waiting = false
  })
  stream.write = new Proxy(stream.write, {
    apply: (write, self, given) => {
      if (!waiting) count()
      waiting = true
      return Reflect.apply(write, self, given)
    },
  })
}

const streamOf = (client: object): Duplex =>
  Reflect.get(Reflect.get(client, 'connection'), 'stream')

/** Opens a pool whose clients count what they send. */
export function countedPool(url: string): CountedPool {
  let statements = 0
  let roundTrips = 0
  const pool = new pg.Pool({ connectionString: url, max: MAX_CLIENTS })
  // A server that is stopped ends idle clients; without a listener that ends the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    onRoundTrip(streamOf(client), () => {
      roundTrips++
    })
    client.query = new Proxy(client.query, {
      apply: (query, self, given) => {
        statements++
        return Reflect.apply(query, self, given)
      },
    })
  })
  const count = async (work: () => Promise<unknown>): Promise<Sent> => {
    const before = { statements, roundTrips }
    await work()
    return {
      statements: statements - before.statements,
      roundTrips: roundTrips - before.roundTrips,
    }
  }
  return { pool, statements: () => statements, count }
}
