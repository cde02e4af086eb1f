import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { onceover } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(LESSONS)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson, onceover.run RESTART IDENTITY'))

const count = async () => (await opened.query('SELECT count(*)::int FROM lesson'))[0]?.count

async function* source(length: number, failAt = Number.POSITIVE_INFINITY) {
  for (let place = 0; place < length; place++) {
    if (place === failAt) throw new RangeError('the source is dry')
    yield lesson(place % 1000)
  }
}

const collect = async <T>(chunks: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

describe('a stream', () => {
  test('yields chunk after chunk, each with its offset and the totals so far', async () => {
    const chunks = await collect(opened.once.insertStream(lessons, source(25), { chunkRows: 10 }))
    expect(chunks.map(({ offset, verdicts }) => [offset, verdicts.length])).toEqual([
      [0, 10],
      [10, 10],
      [20, 5],
    ])
    expect(chunks.map(({ totals }) => [totals.rows, totals.created])).toEqual([
      [10, 10],
      [20, 20],
      [25, 25],
    ])
    const indexes = chunks.flatMap(({ verdicts }) => verdicts.map(({ index }) => index))
    expect(indexes).toEqual(Array.from({ length: 25 }, (_, index) => index))
    expect(await count()).toBe(25)
  })

  test('is one run, whose totals are the sum of its chunks', async () => {
    const rows = [...Array(30).keys()].map((place) => lesson(place % 12))
    const chunks = await collect(
      opened.once.insertStream(lessons, rows, { chunkRows: 10, reason: 'load', actor: 'cli' }),
    )
    expect(new Set(chunks.map(({ run }) => run)).size).toBe(1)
    expect(chunks.at(-1)?.totals).toMatchObject({ rows: 30, created: 12, skipped: 18, collided: 0 })
    const runs = await opened.query('SELECT * FROM onceover.run')
    expect(runs).toHaveLength(1)
    expect(runs[0]).toMatchObject({ created: '12', skipped: '18', reason: 'load', actor: 'cli' })
    const events = await opened.once.events({ run: String(chunks[0]?.run) })
    expect(events.map(({ verdict, keys }) => [verdict, keys.length]).sort()).toEqual([
      ['created', 10],
      ['created', 2],
      ['skipped', 10],
      ['skipped', 8],
    ])
  })

  test('writes one event for each chunk and verdict, wherever the chunks begin', async () => {
    const [{ run } = {}] = await collect(
      opened.once.insertStream(lessons, source(1000), { chunkRows: 700 }),
    )
    const events = await opened.once.events({ run: String(run) })
    expect(events.map(({ keys }) => keys.length).sort()).toEqual([300, 700])
  })

  test('names the place in the whole stream of what is wrong with a row', async () => {
    const rows = [lesson(1), lesson(2), lesson(3, { seats: 0 }), { ...lesson(4), day: 'x' }]
    const chunks = await collect(opened.once.insertStream(lessons, rows, { chunkRows: 2 }))
    expect(chunks[1]?.verdicts).toMatchObject([
      { index: 2, verdict: 'failed' },
      { index: 3, verdict: 'invalid' },
    ])
  })

  test('takes chunks of more rows than a statement', async () => {
    const rows = [...source2(2500), lesson(3), lesson(4)]
    const chunks = await collect(opened.once.insertStream(lessons, rows, { chunkRows: 2502 }))
    expect(chunks).toHaveLength(1)
    expect(chunks[0]?.totals).toMatchObject({ created: 2500, collided: 2 })
  })

  test('commits each chunk before the next is read', async () => {
    const seen: unknown[] = []
    const watched = async function* () {
      for (let place = 0; place < 6; place++) {
        if (place % 2 === 0) seen.push(await count())
        yield lesson(place)
      }
    }
    await collect(opened.once.insertStream(lessons, watched(), { chunkRows: 2 }))
    expect(seen).toEqual([0, 2, 4])
  })

  test('that is left early keeps what was committed, and closes its source', async () => {
    let closed = false
    const watched = async function* () {
      try {
        yield* source(100)
      } finally {
        closed = true
      }
    }
    for await (const { offset } of opened.once.insertStream(lessons, watched(), {
      chunkRows: 10,
    })) {
      if (offset === 20) break
    }
    expect([closed, await count()]).toEqual([true, 30])
  })

  test('of nothing yields nothing', async () => {
    expect(await collect(opened.once.insertStream(lessons, []))).toEqual([])
    expect(await opened.query('SELECT FROM onceover.run')).toEqual([])
  })

  test('may run inside the transaction of the caller', async () => {
    const call = opened.once.transaction(async (handle) => {
      await collect(opened.once.insertStream(lessons, source(20), { chunkRows: 7, handle }))
      throw new Error('mine')
    })
    await expect(call).rejects.toThrow('mine')
    expect(await count()).toBe(0)
  })
})

function* source2(length: number) {
  for (let place = 0; place < length; place++) yield lesson(place)
}

describe('a stream that cannot go on', () => {
  test('says what was committed when its source fails', async () => {
    const stream = opened.once.insertStream(lessons, source(100, 35), { chunkRows: 10 })
    const error = await collect(stream).catch((caught) => caught)
    expect(error).toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('the source is dry'),
      details: { committed: { rows: 30, created: 30 }, run: expect.any(String) },
    })
    expect(error.cause).toBeInstanceOf(RangeError)
    expect(await count()).toBe(30)
  })

  test('says what was committed when the database fails', async () => {
    const rows = async function* () {
      for (let place = 0; place < 40; place++) {
        if (place === 25) await opened.query('DROP INDEX lesson_once')
        yield lesson(place)
      }
    }
    const error = await collect(opened.once.insertStream(lessons, rows(), { chunkRows: 10 })).catch(
      (caught) => caught,
    )
    await opened.query(
      'CREATE UNIQUE INDEX lesson_once ON lesson (teacher, day, slot) WHERE NOT cancelled',
    )
    expect(error).toMatchObject({
      code: 'GUARD_NOT_ENFORCED',
      details: { guard: 'lessons', committed: { rows: 20, created: 20 } },
    })
    expect(await count()).toBe(20)
  })

  test.each([0, 10_001, 1.5, Number.NaN])('refuses chunks of %d rows', async (chunkRows) => {
    const stream = opened.once.insertStream(lessons, [], { chunkRows })
    await expect(stream.next()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  test.each([7, null, {}])('refuses what cannot be iterated: %j', async (rows) => {
    const stream = opened.once.insertStream(lessons, rows as never)
    await expect(stream.next()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})

const HEAP_GROWTH_MB = 20

// In full: ONCEOVER_STREAM_ROWS=1000000 npm test -- test/rows/stream.test.ts
const STREAM_ROWS = Number(process.env.ONCEOVER_STREAM_ROWS ?? 20_000)

test(`${STREAM_ROWS} rows stream in memory that does not grow with them`, async () => {
  const once = await onceover({ db: opened.db.url })
  const rows = function* () {
    for (let place = 0; place < STREAM_ROWS; place++) {
      yield lesson(place, { slot: `slot ${place} ${'x'.repeat(100)}` })
    }
  }
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const heap = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  let settled = 0
  let highest = 0
  let created = 0
  for await (const { offset, totals } of once.insertStream(lessons, rows())) {
    created = totals.created
    if (offset % 10_000 !== 0) continue
    if (offset === 10_000) settled = heap()
    highest = Math.max(highest, heap())
  }
  await once.close()
  expect(created).toBe(STREAM_ROWS)
  expect(await count()).toBe(STREAM_ROWS)
  expect(highest - settled).toBeLessThan(HEAP_GROWTH_MB)
}, 600_000)
