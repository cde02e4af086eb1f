import { afterEach, beforeEach, expect, test } from 'vitest'
import { PAYOUTS } from '../crashes/payouts.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { startWork, type WorkProcess } from './work-processes.ts'

// In full: ONCEOVER_WORK_UNITS=1000000 npm test -- test/races/work.killed.test.ts
const UNITS = Number(process.env.ONCEOVER_WORK_UNITS ?? 5000)
const TIME_LIMIT_MS = 7_200_000
const PROCESSES = 4
const KILL_EVERY_MS = 3_000
// Small lists are done before that: then a process is killed for each part of the list.
const KILL_PARTS = 5

let opened: Opened
beforeEach(async () => {
  opened = await open(PAYOUTS)
})
afterEach(() => opened.close())

/**
 * Processes that are killed one after the other, and started again. Once every unit is made no
 * further one is killed: that a process comes to the end of the list is another matter.
 */
class Slaughter {
  readonly #running: WorkProcess[] = []
  readonly #made = new Map<number, number>()
  #started = 0
  #killedAt = performance.now()
  #madeAtKill = 0
  #over = false
  #asking = false
  readonly #startedAt = performance.now()
  kills = 0
  /** Seconds until every unit was made. */
  seconds = 0

  start(): Promise<void> {
    const ends = Array.from({ length: PROCESSES }, () => this.#next())
    // The first to come to the end has seen every unit done.
    return Promise.race(ends).finally(() => {
      this.#over = true
      if (this.seconds === 0) this.seconds = this.#elapsed()
      for (const { process } of this.#running) process.kill('SIGKILL')
    })
  }

  /** Resolves when a process finds that nothing is left; another follows one that is killed. */
  async #next(): Promise<void> {
    const seed = ++this.#started
    const work = startWork({ url: opened.db.url, how: 'list', count: UNITS, seed }, ({ created }) =>
      this.#heard(seed, created),
    )
    this.#running.push(work)
    const done = await work.done
    this.#running.splice(this.#running.indexOf(work), 1)
    if (!done && !this.#over) return this.#next()
  }

  #heard(seed: number, created: number): void {
    this.#made.set(seed, created)
    const made = [...this.#made.values()].reduce((sum, each) => sum + each, 0)
    const due = performance.now() - this.#killedAt > KILL_EVERY_MS && made > 0
    if (this.#over || this.#asking) return
    if (!due && made - this.#madeAtKill <= UNITS / KILL_PARTS && made < UNITS) return
    this.#asking = true
    this.#madeAtKill = made
    void this.#killOne().finally(() => {
      this.#asking = false
    })
  }

  #elapsed(): number {
    return Math.round((performance.now() - this.#startedAt) / 100) / 10
  }

  async #killOne(): Promise<void> {
    const [row] = await opened.query('SELECT count(*)::int AS paid FROM effect')
    this.#killedAt = performance.now()
    if (row?.paid === UNITS) {
      this.#over = true
      this.seconds = this.#elapsed()
    } else this.#running[this.kills++ % this.#running.length]?.process.kill('SIGKILL')
  }
}

test(
  'a list that processes share, one of them killed again and again, is done once',
  async () => {
    const slaughter = new Slaughter()
    await slaughter.start()
    const [effects] = await opened.query(`SELECT count(*)::int AS effects,
      count(DISTINCT number)::int AS units, count(*) FILTER (WHERE fence > 1)::int AS "takenOver"
      FROM effect`)
    const [claims] = await opened.query(`SELECT count(*)::int AS claims,
      count(*) FILTER (WHERE state = 'done')::int AS done FROM onceover.claim`)
    const [events] = await opened.query(`SELECT sum(json_array_length(keys))::int AS created
      FROM onceover.event WHERE verdict = 'created'`)
    console.info(
      JSON.stringify({
        seconds: slaughter.seconds,
        kills: slaughter.kills,
        ...effects,
        ...claims,
        ...events,
      }),
    )
    expect({ ...effects, takenOver: undefined }).toEqual({ effects: UNITS, units: UNITS })
    expect(claims).toEqual({ claims: UNITS, done: UNITS })
    expect(events).toEqual({ created: UNITS })
    // On a fast machine the list is short for a second one.
    expect(slaughter.kills).toBeGreaterThan(0)
  },
  TIME_LIMIT_MS,
)
