import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  openWorkshop,
  said,
  signalled,
  unit,
  units,
  until,
  visiting,
  type Workshop,
} from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

test('make is told of its claim: run, key as PostgreSQL has it, fence, attempt', async () => {
  const claims: unknown[] = []
  const work = visiting({
    make: ({ key, input }, { run, key: canonical, fence, attempt, existing, signal }) => {
      claims.push({ run, key, input, canonical, fence, attempt, existing })
      expect(signal.aborted).toBe(false)
    },
  })
  const { run } = await shop.once.runOne(work, { ...unit(7), input: { a: 1 } })
  const key = { visitor: 7, day: '2025-01-01' }
  expect(claims).toEqual([
    {
      run,
      key,
      canonical: { visitor: expect.anything(), day: '2025-01-01' },
      input: { a: 1 },
      fence: 1n,
      attempt: 1,
      existing: undefined,
    },
  ])
})

test('a make that takes too long is aborted, and its attempt has failed', async () => {
  const aborted = signalled<unknown>()
  const work = visiting({
    timeout: '50ms',
    make: (_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      return new Promise<undefined>(() => undefined)
    },
  })
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({
    verdict: 'failed',
    code: 'MAKE_TIMED_OUT',
    attempt: 1,
    retryMs: expect.any(Number),
  })
  expect(await aborted.promise).toMatchObject({ code: 'MAKE_TIMED_OUT' })
})

test('what a make answers or throws after its time is dropped', async () => {
  const late = signalled<undefined>()
  const work = visiting({ timeout: '50ms', make: () => late.promise })
  expect((await shop.once.runOne(work, unit(1))).verdict).toBe('failed')
  late.reject(new Error('too late'))
  await shop.once.runs()
  expect(await shop.rows('SELECT FROM visits')).toHaveLength(0)
})

test('a make may throw anything, and the verdict says it', async () => {
  const thrown = [new Error('words'), 'a text', undefined, null, { code: 7 }, new TypeError('')]
  const work = visiting({
    make: ({ key }) => {
      throw thrown[Number(key.visitor)]
    },
  })
  const { verdicts } = await shop.once.run(work, units(0, 5))
  expect(said(verdicts)).toEqual([
    'failed: words',
    'failed: a text',
    'failed: undefined',
    'failed: null',
    'failed: [object Object]',
    'failed: TypeError',
  ])
})

test('however many makes ran, nothing of them listens any more', async () => {
  const warnings: string[] = []
  const warned = ({ name }: Error) => warnings.push(name)
  process.on('warning', warned)
  const signals = new Set<AbortSignal>()
  const all = signalled()
  const work = visiting({
    make: async (_, { signal }) => {
      signals.add(signal)
      if (signals.size === 40) all.resolve()
      await all.promise
    },
  })
  await shop.once.run(work, units(1, 40), { concurrency: 40 })
  process.off('warning', warned)
  expect(warnings).toEqual([])
  expect([...signals].flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([])
})

test('a cancelled run aborts its makes, and they write nothing', async () => {
  const begun = signalled<string>()
  const work = visiting({
    make: (_, { run, signal }) => {
      begun.resolve(run)
      return new Promise<undefined>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
  })
  const running = shop.once.run(work, [unit(1)])
  expect(await shop.once.cancel(await begun.promise)).toEqual({ cancelled: true, claims: 1 })
  expect(await running).toMatchObject({ state: 'cancelled', totals: { cancelled: 1, created: 0 } })
  expect(await shop.rows('SELECT FROM visits')).toHaveLength(0)
})

test('a run that another process cancels is told by a beat', async () => {
  const slow = await shop.other({ lease: '1s', heartbeat: '50ms' })
  const begun = signalled<string>()
  const work = visiting({
    make: (_, { run }) => {
      begun.resolve(run)
      return new Promise<undefined>(() => undefined)
    },
  })
  const running = slow.run(work, [unit(1), unit(2)], { concurrency: 1 })
  await shop.once.cancel(await begun.promise, { reason: 'by hand' })
  const { state, verdicts } = await running
  expect(state).toBe('cancelled')
  expect(said(verdicts)).toContain('cancelled: by hand')
})

test('a lost lease aborts what runs under it, and the unit can be taken over', async () => {
  const weak = await shop.other({ lease: '1s', heartbeat: '50ms', worker: 'weak' })
  const begun = signalled()
  const aborted = signalled<unknown>()
  const work = visiting({
    make: ({ key }, { signal, attempt }) => {
      if (attempt > 1 || Number(key.visitor) > 1) return undefined
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      begun.resolve()
      return new Promise<undefined>(() => undefined)
    },
  })
  const running = weak.run(work, [unit(1)])
  await begun.promise
  await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'weak'`)
  expect(await aborted.promise).toMatchObject({ code: 'LEASE_LOST' })
  expect((await running).verdicts).toMatchObject([{ verdict: 'failed', code: 'LEASE_LOST' }])
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created', attempt: 2 })
  expect(await weak.runOne(work, unit(2))).toMatchObject({ verdict: 'created' })
})

test('a step in save is refused: it would wait for the claim that save has locked', async () => {
  const work = visiting({
    save: async (_, { claim }) => {
      await claim.step('pay', () => 'paid')
    },
  })
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({
    verdict: 'failed',
    code: 'STEP_INVALID',
  })
  expect(await shop.rows('SELECT FROM onceover.step')).toHaveLength(0)
})

test('units beyond a stuck one go on', async () => {
  const stuck = signalled<undefined>()
  const work = visiting({
    make: ({ key }) => (Number(key.visitor) === 1 ? stuck.promise : undefined),
  })
  const running = shop.once.run(work, units(1, 50), { concurrency: 2 })
  await until(async () => (await shop.rows('SELECT FROM visits')).length === 49)
  stuck.resolve(undefined)
  expect((await running).totals).toMatchObject({ created: 50, rows: 50 })
})
