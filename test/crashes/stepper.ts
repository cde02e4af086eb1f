import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

type Query = (...given: unknown[]) => Promise<unknown>

/** A statement that waits until it may be sent. */
interface Parked {
  readonly text: string
  readonly pid: number
  readonly send: () => Promise<unknown>
}

/** Rewrites a statement before it is sent: how a mutant is made. */
export type Mutate = (text: string) => string

const POLL_MS = 2

/** Code whose every statement waits until it is told to go on. */
export class Actor<Result> {
  readonly name: string
  readonly pool: pg.Pool
  /** What the code came to, once it has ended. */
  outcome: PromiseSettledResult<Result> | undefined
  readonly #monitor: pg.Pool
  readonly #mutate: Mutate
  #free = true
  #parked: Parked | undefined
  #sent: { readonly pid: number; readonly answer: Promise<unknown> } | undefined
  #arrive = () => {}
  #arrival: Promise<void> = Promise.resolve()

  constructor(name: string, url: string, monitor: pg.Pool, mutate: Mutate = (text) => text) {
    this.name = name
    this.#monitor = monitor
    this.#mutate = mutate
    this.pool = new pg.Pool({ connectionString: url, max: 2 })
    this.pool.on('error', () => {})
    this.pool.on('connect', (client) => this.#patch(client))
  }

  /** Starts the code and waits until its first statement is parked, or it has ended. */
  async start(work: () => Promise<Result>): Promise<void> {
    this.#free = false
    this.outcome = undefined
    this.#expect()
    work()
      .then(
        (value) => ({ status: 'fulfilled' as const, value }),
        (reason) => ({ status: 'rejected' as const, reason }),
      )
      .then((outcome) => {
        this.outcome = outcome
        this.#free = true
        this.#arrive()
      })
    await this.#arrival
  }

  get ended(): boolean {
    return this.outcome !== undefined
  }

  /** Whether its statement waits for a lock that somebody else holds. */
  get blocked(): boolean {
    return this.#sent !== undefined
  }

  /** Sends the parked statement, and waits until it is answered or waits for a lock. */
  async step(): Promise<void> {
    const parked = this.#parked
    if (!parked) throw new Error(`${this.name} has no statement to send`)
    this.#parked = undefined
    this.#expect()
    const answer = parked.send()
    answer.catch(() => {})
    this.#sent = { pid: parked.pid, answer }
    await this.look()
  }

  /** Waits until the statement that was sent is answered, or is known to wait for a lock. */
  async look(): Promise<void> {
    if (!this.#sent) return
    const { pid } = this.#sent
    for (;;) {
      const first = await Promise.race([this.#arrival.then(() => 'arrived'), sleep(POLL_MS)])
      if (first === 'arrived') return this.#landed()
      const { rows } = await this.#monitor.query(
        'SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked',
        [pid],
      )
      if (rows[0]?.blocked) return
    }
  }

  /** Waits for the answer to a statement that waits for a lock, as of a deadlock. */
  async wait(): Promise<void> {
    await this.#arrival
    this.#landed()
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  #landed(): void {
    this.#sent = undefined
  }

  #expect(): void {
    this.#arrival = new Promise((resolve) => {
      this.#arrive = resolve
    })
  }

  // Promise form as well as the callback form that pools use.
  #patch(client: pg.PoolClient): void {
    const query = client.query.bind(client) as Query
    const pid = Number(Reflect.get(client, 'processID'))
    const parked = (given: unknown[]): Promise<unknown> => {
      const [text, ...rest] = given
      const sent = typeof text === 'string' ? this.#mutate(text) : text
      if (this.#free) return query(sent, ...rest)
      return new Promise((resolve, reject) => {
        this.#parked = {
          text: String(text),
          pid,
          send: () => query(sent, ...rest).then(resolve, reject),
        }
        this.#arrive()
      })
    }
    Reflect.set(client, 'query', (...given: unknown[]) => {
      const last = given.at(-1)
      if (typeof last !== 'function') return parked(given)
      return parked(given.slice(0, -1)).then(
        (answer) => last(undefined, answer),
        (error) => last(error),
      )
    })
  }
}

/** What two actors came to under one order of their statements. */
export interface Played {
  /** Which actor sent the statement at each place. */
  readonly order: string
  /** At each place, whether the other one could have sent its statement instead. */
  readonly forks: readonly boolean[]
}

/**
 * Lets two actors go on in the order of `prefix`, and then the first one that can, until both have
 * ended. One that waits for a lock cannot; where both do, PostgreSQL ends one of them.
 */
export async function play(
  actors: readonly [Actor<unknown>, Actor<unknown>],
  prefix: string,
): Promise<Played> {
  let order = ''
  const forks: boolean[] = []
  for (;;) {
    for (const actor of actors) if (actor.blocked) await actor.look()
    const able = actors.filter((actor) => !actor.ended && !actor.blocked)
    if (able.length === 0) {
      const waiting = actors.filter(({ blocked }) => blocked)
      if (waiting.length === 0) return { order, forks }
      await Promise.race(waiting.map((actor) => actor.wait()))
      continue
    }
    const wanted = prefix[order.length]
    const next = able.find(({ name }) => name === wanted) ?? able[0]
    if (!next) throw new Error('nobody can go on')
    forks.push(able.length > 1)
    order += next.name
    await next.step()
  }
}

/** How many orders are played, and which, where there are more. */
export interface Sample {
  readonly most: number
  readonly seed: number
}

/**
 * Plays every order of the statements of two actors, or a sample of them; answers with how many it
 * played.
 */
export async function everyOrder(
  round: (prefix: string) => Promise<Played>,
  { most, seed }: Sample,
): Promise<number> {
  const waiting = ['']
  let state = seed
  const below = (limit: number): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * limit)
  }
  let played = 0
  while (waiting.length > 0 && played < most) {
    const [prefix = ''] = waiting.splice(below(waiting.length), 1)
    const { order, forks } = await round(prefix)
    played++
    for (let place = prefix.length; place < order.length; place++) {
      if (forks[place]) waiting.push(order.slice(0, place) + (order[place] === 'A' ? 'B' : 'A'))
    }
  }
  return played
}
