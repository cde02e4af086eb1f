import {
  date,
  generator,
  guard,
  int,
  type Onceover,
  type RunResult,
  sql,
  type UnitOf,
} from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  openWorkshop,
  signalled,
  unit,
  units,
  visiting,
  type visits,
  type Workshop,
} from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

const range = (query = 'SELECT g AS visitor') =>
  visiting({
    expected: ({ until }: { until: number }) =>
      sql`${sql.raw(query)}, date '2025-01-01' AS day FROM generate_series(1, ${until}::int) AS g`,
  })

/** Marks the lease of a worker dead, as its death would, and forgets about it. */
const kill = (worker: string) =>
  shop.rows('UPDATE onceover.lease SET dead = true WHERE worker = $1', [worker])

/** Has a worker begin units that never end, and kills it; answers with its run. */
async function crashed(source: readonly UnitOf<typeof visits, unknown>[]): Promise<string> {
  const once = await shop.other({ worker: 'doomed', lease: '1s', heartbeat: '300ms' })
  const begun = signalled<string>()
  let running = 0
  const work = visiting({
    make: (_, { run }) => {
      running++
      if (running === source.length) begun.resolve(run)
      return new Promise<undefined>(() => undefined)
    },
  })
  const dying = once.run(work, source, { concurrency: source.length })
  const run = await begun.promise
  await kill('doomed')
  await dying
  return run
}

/** Stops a run over a range when it has saved so many units. */
async function stopped(once: Onceover, until: number, after: number): Promise<RunResult> {
  const controller = new AbortController()
  let saved = 0
  return once.run(
    range(),
    { until },
    {
      concurrency: 1,
      chunkUnits: 4,
      signal: controller.signal,
      onVerdicts: (verdicts) => {
        saved += verdicts.filter(({ verdict }) => verdict === 'created').length
        if (saved >= after) controller.abort()
      },
    },
  )
}

test('a crashed run goes on with the units that it had claimed', async () => {
  const run = await crashed([unit(1), unit(2), unit(3)])
  expect((await shop.once.status(run)).state).toBe('done')
  const resumed = await shop.once.resume(visiting(), run)
  expect(resumed).toMatchObject({ run, state: 'done', totals: { created: 3, rows: 3 } })
  expect(await shop.rows('SELECT DISTINCT note FROM visits')).toEqual([{ note: 'attempt 2' }])
})

test('keys and inputs come back from the ledger as they were given', async () => {
  const large = 2n ** 53n + 1n
  const run = await crashed([unit(large), unit(7n), { ...unit(8), input: { a: [1, null] } }])
  const seen: unknown[] = []
  const work = visiting({ make: ({ key, input }) => void seen.push([key.visitor, input]) })
  expect((await shop.once.resume(work, run)).totals).toMatchObject({ created: 3, invalid: 0 })
  expect(seen).toHaveLength(3)
  expect(seen).toEqual(
    expect.arrayContaining([
      [large, null],
      [7, null],
      [8, { a: [1, null] }],
    ]),
  )
})

test('an input is checked once: what a schema made of it is not given to the schema', async () => {
  const inputs: unknown[] = []
  const work = visiting({
    attempts: 2,
    input: z.string().transform((text) => ({ length: text.length })),
    make: ({ input }, { attempt }) => {
      inputs.push(input)
      if (attempt === 1) throw new Error('the first attempt')
    },
  })
  const { run } = await shop.once.run(work, [{ ...unit(1), input: 'four' as never }])
  expect((await shop.once.resume(work, run)).totals).toMatchObject({ created: 1, invalid: 0 })
  expect(inputs).toEqual([{ length: 4 }, { length: 4 }])
})

test('a stopped run over a range goes on with the rest, and counts all once', async () => {
  const { run, state, totals } = await stopped(shop.once, 20, 6)
  expect(state).toBe('stopped')
  expect(totals.created).toBeGreaterThanOrEqual(6)
  expect(totals.created).toBeLessThan(20)
  const resumed = await shop.once.resume(range(), run)
  expect(resumed.state).toBe('done')
  expect(resumed.totals).toMatchObject({
    rows: 20 - totals.created,
    created: 20 - totals.created,
    collided: 0,
    skipped: 0,
  })
  expect((await shop.once.status(run)).totals).toMatchObject({ created: 20, skipped: 0 })
})

test('another process goes on with it as well', async () => {
  const { run, totals } = await stopped(shop.once, 20, 6)
  const other = await shop.other()
  expect((await other.resume(range(), run)).totals).toMatchObject({
    created: 20 - totals.created,
    skipped: 0,
  })
})

test('a resumed replacement does not replace again what it has replaced', async () => {
  await shop.once.run(visiting(), units(1, 12))
  const notes: number[] = []
  const controller = new AbortController()
  const work = visiting({
    expected: (): Iterable<UnitOf<typeof visits, unknown>> => units(1, 12),
    make: ({ key }) => {
      notes.push(Number(key.visitor))
      if (notes.length === 5) controller.abort()
    },
  })
  const options = { onDuplicate: 'replace', concurrency: 1, chunkUnits: 4 } as const
  const { run } = await shop.once.run(work, {}, { ...options, signal: controller.signal })
  const other = await shop.other()
  await other.resume(work, run)
  expect(notes.sort((left, right) => left - right)).toEqual(
    Array.from({ length: 12 }, (_, place) => place + 1),
  )
})

test('a run that runs, is unknown, or is another guard’s cannot be resumed', async () => {
  const begun = signalled<string>()
  const end = signalled<undefined>()
  const work = visiting({
    make: (_, { run }) => {
      begun.resolve(run)
      return end.promise
    },
  })
  const running = shop.once.run(work, [unit(1)])
  const run = await begun.promise
  const refused = { code: 'RUN_NOT_FOUND' }
  await expect(shop.once.resume(work, run)).rejects.toMatchObject(refused)
  const other = await shop.other()
  await expect(other.resume(work, run)).rejects.toMatchObject(refused)
  await expect(other.resume(work, 'x')).rejects.toMatchObject(refused)
  await expect(other.resume(work, crypto.randomUUID())).rejects.toMatchObject(refused)
  end.resolve(undefined)
  await running
  expect((await shop.once.status(run)).state).toBe('done')
  await shop.once.cancel(run)
})

test('a run of another guard stays as it is', async () => {
  const { run } = await stopped(shop.once, 20, 2)
  const others = guard('others', { table: 'visits', key: { visitor: int(), day: date() } })
  await shop.once.renameGuard('none', others)
  const work = generator(others, { save: () => undefined })
  await shop.rows(`DELETE FROM onceover.claim`)
  await expect(shop.once.resume(work, run)).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
    message: expect.stringContaining('one of the guard visits, not of others'),
  })
  expect((await shop.once.status(run)).state).toBe('stopped')
})

test('retry takes the failed ones of one run, of the guard, and what a range lacks', async () => {
  let broken = true
  const work = visiting({
    attempts: 1,
    expected: ({ until }: { until: number }): Iterable<UnitOf<typeof visits, unknown>> =>
      units(1, until),
    make: ({ key }) => {
      if (broken && Number(key.visitor) % 2 === 0) throw new Error('even')
    },
  })
  const first = await shop.once.run(work, units(1, 4))
  const second = await shop.once.run(work, units(5, 8))
  broken = false
  const retried = await shop.once.retry(work, { run: first.run, reason: 'fixed', actor: 'ann' })
  expect(retried.totals).toMatchObject({ created: 2, rows: 2 })
  expect((await shop.once.runs({ limit: 1 }))[0]).toMatchObject({ reason: 'fixed', actor: 'ann' })
  expect((await shop.once.retry(work, { range: { until: 10 } })).totals).toMatchObject({
    created: 4,
    skipped: 6,
    rows: 10,
  })
  expect((await shop.once.retry(work)).totals.rows).toBe(0)
  expect((await shop.once.retry(work, { run: second.run })).totals.rows).toBe(0)
  await expect(shop.once.retry(work, { run: 'x' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
})

test('a cancelled run is over', async () => {
  const { run } = await stopped(shop.once, 20, 2)
  expect(await shop.once.cancel(run)).toMatchObject({ cancelled: true })
  await expect(shop.once.resume(range(), run)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  expect((await shop.once.status(run)).state).toBe('cancelled')
})
