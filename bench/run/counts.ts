import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { generator, type Onceover, onceover } from 'onceover'
import type { CountedPool, Sent } from '../counted-pool.ts'
import { inChunks, seeded } from '../random.ts'
import { runWhole } from './ours.ts'
import {
  columnsOf,
  insertRow,
  insertRows,
  makeTable,
  type ReportGuard,
  type ReportUnit,
  reportGuard,
  unitMaker,
} from './table.ts'
import { type Written, watchWrites } from './written.ts'

/** What a run of work sends and writes. */
export interface RunCounts {
  /** To claim one more chunk. */
  readonly chunkClaimed: Sent
  /** To save one more chunk at once, BEGIN and COMMIT included, without what `saveAll` sends. */
  readonly chunkSaved: Sent
  /** To save one more unit by itself, BEGIN and COMMIT included, without what `save` sends. */
  readonly unitSaved: Sent
  /** All of a run of one chunk that was made before. */
  readonly again: Sent
  /** What a run of two chunks that were made before writes, transaction by transaction. */
  readonly writtenAgain: readonly Written[]
  /** What the beats of a worker write that holds `heldUnits` claims. */
  readonly beats: readonly Written[]
}

const TABLE = 'reports_counted'
const CHUNK = 10
const SEED = 20_260_302

const less = (whole: Sent, part: Sent, times = 1): Sent => ({
  statements: (whole.statements - part.statements) / times,
  roundTrips: (whole.roundTrips - part.roundTrips) / times,
})

const BEAT: Written = { 'UPDATE lease': 1 }

const isBeat = (written: Written): boolean => isDeepStrictEqual(written, BEAT)

class Counting {
  readonly #database: CountedPool
  readonly #once: Onceover
  readonly #reports: ReportGuard
  readonly #make = unitMaker(seeded(SEED))

  constructor(database: CountedPool, once: Onceover, reports: ReportGuard) {
    this.#database = database
    this.#once = once
    this.#reports = reports
  }

  /** What a run sends that saves nothing. */
  nothing(units: number): Promise<Sent> {
    const nothing = generator(this.#reports, { saveAll: () => undefined })
    return this.#count(nothing, this.#make(units), CHUNK)
  }

  /** What a run sends that saves each unit by itself, in one chunk. */
  async saved(units: number): Promise<Sent> {
    const each = generator(this.#reports, {
      save: async (tx, { unit: { key } }) => {
        await tx.query(insertRow(TABLE), [key.student_id, key.week])
      },
    })
    const sent = await this.#count(each, this.#make(units), units)
    return less(sent, { statements: units, roundTrips: units })
  }

  /** What runs send and write of which all was made before: of one chunk, and of two. */
  async again() {
    const rows = generator(this.#reports, {
      saveAll: async (tx, items) => {
        await tx.query(insertRows(TABLE), columnsOf(items.map(({ unit }) => unit)))
      },
    })
    const made = this.#make(2 * CHUNK)
    await runWhole(this.#once, rows, made, { chunkUnits: CHUNK, created: made.length })
    const rerun = (units: readonly ReportUnit[]) =>
      this.#database.count(() =>
        runWhole(this.#once, rows, units, { chunkUnits: CHUNK, skipped: units.length }),
      )
    const [one, two] = [await rerun(made.slice(CHUNK)), await rerun(made)]
    const written = await watchWrites(this.#database.pool, async (read) => {
      await rerun(made)
      return read()
    })
    return { one, two, written: written.filter((each) => !isBeat(each)) }
  }

  /** What is written in some beats of a worker that holds claims. */
  async beats(heldUnits: number, claims: number): Promise<readonly Written[]> {
    let release: () => void = () => undefined
    const released = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
    const held = generator(this.#reports, { make: () => released, saveAll: () => undefined })
    const runs = inChunks(this.#make(heldUnits), claims).map((units) =>
      runWhole(this.#once, held, units, { chunkUnits: claims, created: units.length }),
    )
    try {
      await Promise.race([this.#untilHeld(heldUnits), Promise.all(runs)])
      return await watchWrites(this.#database.pool, async (read) => {
        for (;;) {
          const written = await read()
          if (written.length > 1) return written
          await sleep(PAUSE_MS)
        }
      })
    } finally {
      release()
      await Promise.all(runs)
    }
  }

  async #untilHeld(units: number): Promise<void> {
    for (;;) {
      const { rows } = await this.#database.pool.query<{ held: number }>(countHeld, [
        this.#reports.name,
      ])
      if (rows[0]?.held === units) return
      await sleep(PAUSE_MS)
    }
  }

  #count(work: Parameters<typeof runWhole>[1], units: readonly ReportUnit[], chunkUnits: number) {
    return this.#database.count(() =>
      runWhole(this.#once, work, units, { chunkUnits, created: units.length }),
    )
  }
}

const PAUSE_MS = 100
const HELD_AT_ONCE = 1_000

const countHeld = `
  SELECT count(*)::int AS held FROM onceover.claim WHERE guard = $1 AND state = 'claimed'`

/**
 * Counts what runs send and write. The ledger must be there.
 *
 * @param heldUnits how many claims the worker holds whose beats are watched
 */
export async function countRuns(database: CountedPool, heldUnits: number): Promise<RunCounts> {
  const { pool } = database
  await makeTable(pool, TABLE)
  const once = await onceover({ db: pool, heartbeat: '250ms' })
  try {
    const counting = new Counting(database, once, reportGuard('counted', TABLE))
    // The first run looks at the catalogue and opens the lease.
    await counting.nothing(1)
    const both = less(await counting.nothing(2 * CHUNK), await counting.nothing(CHUNK))
    const { one, two, written } = await counting.again()
    const chunkClaimed = less(two, one)
    const single = await counting.saved(1)
    return {
      chunkClaimed,
      chunkSaved: less(both, chunkClaimed),
      unitSaved: less(await counting.saved(1 + CHUNK), single, CHUNK),
      again: one,
      writtenAgain: written,
      beats: await counting.beats(heldUnits, HELD_AT_ONCE),
    }
  } finally {
    await once.close()
  }
}
