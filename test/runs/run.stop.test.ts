import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { OnceoverError, type Progress, silentLogger } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkshop, said, signalled, unit, units, visiting, type Workshop } from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

/** Work whose makes wait for `end`, and what tells that the first has begun. */
function held() {
  const begun = signalled<string>()
  const end = signalled<undefined>()
  const work = visiting({
    make: (_, { run }) => {
      begun.resolve(run)
      return end.promise
    },
  })
  return { work, begun: begun.promise, end: () => end.resolve(undefined) }
}

function controller() {
  const made = new AbortController()
  return { signal: made.signal, abort: () => made.abort() }
}

describe('an aborted signal', () => {
  test('has what runs finish, and gives back what waits', async () => {
    const { work, begun, end } = held()
    const { signal, abort } = controller()
    const running = shop.once.run(work, units(1, 6), { concurrency: 2, chunkUnits: 4, signal })
    const run = await begun
    abort()
    end()
    const { state, totals, verdicts } = await running
    expect(state).toBe('stopped')
    expect(totals.created + totals.cancelled).toBe(totals.rows)
    expect(totals.created).toBe((await shop.rows('SELECT FROM visits')).length)
    expect(verdicts).toHaveLength(totals.rows)
    expect(await shop.once.claims({ state: 'claimed' })).toEqual([])
    expect((await shop.once.status(run)).totals).toEqual(totals)
    expect((await shop.once.run(visiting(), units(1, 6))).totals.created).toBe(6 - totals.created)
  })

  test('before the run begins leaves everything', async () => {
    const { signal, abort } = controller()
    abort()
    const { state, totals } = await shop.once.run(visiting(), units(1, 5), { signal })
    expect(state).toBe('stopped')
    expect(totals.rows).toBe(0)
  })

  test('that comes after the last unit has stopped nothing', async () => {
    const { signal, abort } = controller()
    const onVerdicts = () => abort()
    const { state } = await shop.once.run(visiting(), [unit(1)], { signal, onVerdicts })
    expect(state).toBe('done')
  })

  test('stops a run whose source hangs', async () => {
    const { signal, abort } = controller()
    async function* hanging() {
      yield unit(1)
      await new Promise(() => undefined)
    }
    const onVerdicts = () => abort()
    const { state, totals } = await shop.once.run(visiting(), hanging(), { signal, onVerdicts })
    expect(state).toBe('stopped')
    expect(totals).toMatchObject({ created: 1, rows: 1 })
  })

  test('stops saveAll between its batches', async () => {
    const { signal, abort } = controller()
    const work = visiting({
      saveAll: async (tx, items) => {
        const keys = items.map(({ unit: { key } }) => key.visitor)
        await tx.query(`INSERT INTO visits (visitor, day) SELECT unnest($1::int[]), '2025-01-01'`, [
          keys,
        ])
        abort()
      },
    })
    const { state, totals } = await shop.once.run(work, units(1, 60), { signal, chunkUnits: 5 })
    expect(state).toBe('stopped')
    expect(totals.created).toBeGreaterThan(0)
    expect(totals.created).toBeLessThan(60)
    expect(await shop.once.claims({ state: 'claimed' })).toEqual([])
  })
})

describe('close', () => {
  test('stops the runs, waits for what runs, and gives back the rest', async () => {
    const once = await shop.other()
    const { work, begun, end } = held()
    const running = once.run(work, units(1, 50), { concurrency: 2 })
    await begun
    const closing = once.close()
    await expect(once.run(work, [])).rejects.toMatchObject({ code: 'CLOSED' })
    end()
    const { state, totals } = await running
    await closing
    expect(state).toBe('stopped')
    expect(totals.created).toBe((await shop.rows('SELECT FROM visits')).length)
    expect(await shop.once.claims({ state: 'claimed' })).toEqual([])
  })

  test('ends a run that waits for others', async () => {
    const { work, begun, end } = held()
    const first = shop.once.run(work, [unit(1)])
    await begun
    const once = await shop.other()
    const patient = [
      once.run(work, [unit(1)], { wait: '1h' }),
      once.runOne(work, unit(1), { wait: '1h' }),
    ]
    await once.runOne(visiting(), unit(2))
    await once.close()
    expect((await Promise.all(patient)).map(({ run }) => typeof run)).toEqual(['string', 'string'])
    end()
    await first
  })

  test('lets the process end by itself', async () => {
    await shop.rows('CREATE TABLE IF NOT EXISTS calls (visitor int PRIMARY KEY)')
    const program = fileURLToPath(new URL('./closing.ts', import.meta.url))
    const printed = await new Promise<string>((resolve, reject) => {
      const execArgv = ['--import', 'jiti/register', program, shop.database.url]
      execFile(process.execPath, execArgv, { timeout: 30_000 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      )
    })
    expect(printed).toBe('done')
  })
})

describe('a listener that throws', () => {
  test.each([
    [
      'at once',
      () => {
        throw new Error('deaf')
      },
    ],
    [
      'later',
      async () => {
        throw new Error('deaf')
      },
    ],
  ])('%s has no say in the work, and is reported at its end', async (_, onVerdicts) => {
    const errors: string[] = []
    const logger = { ...silentLogger, error: (_: object, words: string) => void errors.push(words) }
    const once = await shop.other({ logger })
    await expect(once.run(visiting(), units(1, 30), { onVerdicts })).rejects.toThrow('deaf')
    expect(await shop.rows('SELECT FROM visits')).toHaveLength(30)
    expect(errors.length).toBeGreaterThan(0)
    expect((await shop.once.runs({ limit: 1 }))[0]).toMatchObject({ state: 'done' })
  })

  test('of progress neither', async () => {
    const onProgress = () => {
      throw new Error('no terminal')
    }
    await expect(shop.once.run(visiting(), units(1, 3), { onProgress })).rejects.toThrow('terminal')
    expect(await shop.rows('SELECT FROM visits')).toHaveLength(3)
  })
})

test('progress tells of the totals, and last of the end', async () => {
  const told: Progress[] = []
  const onProgress = (progress: Progress) => void told.push(progress)
  const { run, totals } = await shop.once.run(visiting(), units(1, 20), { onProgress })
  expect(told.at(-1)).toEqual({ run, totals, running: 0, waiting: 0 })
})

describe('a source that throws', () => {
  test('in the middle: what was begun is finished, and the run is stopped', async () => {
    async function* failing() {
      yield* units(1, 20)
      throw new Error('the file ended')
    }
    const error: unknown = await shop.once.run(visiting(), failing()).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(OnceoverError)
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', details: { units: expect.any(Number) } })
    expect(await shop.once.claims({ state: 'claimed' })).toEqual([])
    const [last] = await shop.once.runs({ limit: 1 })
    expect(last?.state).toBe('stopped')
    expect(last?.totals.created).toBe((await shop.rows('SELECT FROM visits')).length)
  })

  test('a sync one as well', async () => {
    function* failing() {
      yield unit(1)
      throw new Error('no more')
    }
    await expect(shop.once.run(visiting(), failing())).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    })
  })
})

test('a pool of one serves a run of many lanes', async () => {
  const pool = new pg.Pool({ connectionString: shop.database.url, max: 1 })
  const once = await shop.other({ db: pool })
  const { totals } = await once.run(visiting(), units(1, 40), { concurrency: 8 })
  expect(totals).toMatchObject({ created: 40, rows: 40 })
  await once.close()
  await pool.end()
})

test('units that wait long for a client of the pool do not fail for that', async () => {
  const pool = new pg.Pool({
    connectionString: shop.database.url,
    max: 1,
    connectionTimeoutMillis: 40,
  })
  pool.on('error', () => undefined)
  const once = await shop.other({ db: pool })
  const work = visiting({
    save: async (tx, { unit: { key } }) => {
      await tx.query('SELECT pg_sleep(0.03)')
      await tx.query('INSERT INTO visits (visitor, day) VALUES ($1, $2)', [key.visitor, key.day])
    },
  })
  const { verdicts } = await once.run(work, units(1, 16), { concurrency: 8 })
  expect(new Set(said(verdicts))).toEqual(new Set(['created']))
  await once.close()
  await pool.end()
})
