import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generator, type Onceover, OnceoverError, onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { cutProxy } from './cut-proxy.ts'
import { heal } from './heal.ts'
import { PAYOUTS, Provider, pay, payouts, payoutsBy, unitsOf } from './payouts.ts'

const range = (count: number) => Array.from({ length: count }, (_, place) => place + 1)

let opened: Opened
let provider: Provider
let once: Onceover
let other: Onceover
beforeEach(async () => {
  opened = await open(PAYOUTS)
  provider = new Provider(opened.db.url)
  once = await onceover({ db: opened.db.url, lease: '1s', worker: 'one' })
  other = await onceover({ db: opened.db.url, lease: '1s', worker: 'other' })
})
afterEach(async () => {
  await Promise.all([once.close(), other.close(), provider.close()])
  await opened.close()
})

const unit = { key: { number: 1 } }

const expectOnce = async (numbers: readonly number[]) =>
  expect(await countOf(opened.db.pool, numbers)).toEqual(allOnce(numbers.length))

/** That another worker finishes the units while the first one lives on. */
async function expectHealed(numbers: readonly number[]) {
  await heal(other, provider, 'saveAll', numbers)
  await expectOnce(numbers)
}

/** Payouts whose save goes wrong. */
const saving = (save: (tx: { query(text: string): Promise<unknown> }) => unknown) =>
  generator(payouts, {
    timeout: '1s',
    backoff: '1ms',
    save: async (tx, { unit: { key }, claim }) => {
      await pay(tx, [Number(key.number)], [claim.fence])
      return save(tx)
    },
  })

describe('what cannot be told to the database', () => {
  const REFUSE = `
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE 'no space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON onceover.claim FOR EACH ROW
      WHEN (NEW.state = 'failed') EXECUTE FUNCTION refuse()`

  test('ends the lease: a failed attempt is not held by a worker that lives on', async () => {
    await opened.query(REFUSE)
    const failing = payoutsBy('save', provider, { making: () => Promise.reject(new Error('no')) })
    expect(await once.runOne(failing, unit)).toMatchObject({ verdict: 'failed', reason: 'no' })
    await expectHealed([1])
    expect((await once.runOne(payoutsBy('save', provider), { key: { number: 2 } })).verdict).toBe(
      'created',
    )
  })

  test('ends the lease: units that were not begun are not held either', async () => {
    await opened.query(REFUSE)
    const stop = new AbortController()
    let made = 0
    const stopping = payoutsBy('save', provider, { making: () => ++made === 5 && stop.abort() })
    const run = once.run(stopping, unitsOf(range(20)), { signal: stop.signal, concurrency: 1 })
    await expect(run).rejects.toBeInstanceOf(OnceoverError)
    const held = await opened.query("SELECT FROM onceover.claim WHERE state = 'claimed'")
    expect(held.length).toBeGreaterThan(0)
    await expectHealed(range(20))
  })
})

describe('an error that says that a claim is lost', () => {
  test.each(['CLAIM_LOST', 'RUN_CANCELLED', 'LEASE_LOST'] as const)(
    'fails the attempt where the claim is not: %s of something else',
    async (code) => {
      const nested = new OnceoverError(code, { message: 'of a run inside make' })
      const failing = payoutsBy('save', provider, { making: () => Promise.reject(nested) })
      expect(await once.runOne(failing, unit)).toMatchObject({ verdict: 'failed', code })
      await expectHealed([1])
    },
  )
})

describe('a save', () => {
  test('that stands still is ended by the server, and its attempt has failed', async () => {
    const hung = saving(() => new Promise(() => {}))
    expect(await once.runOne(hung, unit)).toMatchObject({
      verdict: 'failed',
      code: 'SAVE_TIMED_OUT',
    })
    await expectHealed([1])
  })

  test.each([
    ['COMMIT', 'SAVE_ENDED_TRANSACTION'],
    ['ROLLBACK', 'SAVE_ENDED_TRANSACTION'],
    ["DO $$ BEGIN RAISE EXCEPTION SQLSTATE 'P0001'; END $$", 'ATTEMPT_FAILED'],
  ])('that runs %s fails, and pays nothing', async (statement, code) => {
    const bad = saving((tx) => tx.query(statement))
    expect(await once.runOne(bad, unit)).toMatchObject({ verdict: 'failed', code })
    expect(await opened.query('SELECT FROM effect')).toEqual([])
    await expectHealed([1])
  })

  test('that swallows the error of a statement fails, and pays nothing', async () => {
    const bad = saving((tx) => tx.query('SELECT 1 / 0').catch(() => {}))
    expect(await once.runOne(bad, unit)).toMatchObject({ verdict: 'failed' })
    expect(await opened.query('SELECT FROM effect')).toEqual([])
    await expectHealed([1])
  })

  test('that forgets to await fails, and pays nothing', async () => {
    const bad = saving((tx) => void tx.query('SELECT pg_sleep(0.1)'))
    expect(await once.runOne(bad, unit)).toMatchObject({ code: 'SAVE_NOT_AWAITED' })
    expect(await opened.query('SELECT FROM effect')).toEqual([])
    await expectHealed([1])
  })
})

test('a make that hangs is given up, and its unit is free for another', async () => {
  const hung = generator(payouts, {
    timeout: '100ms',
    backoff: '1ms',
    make: () => new Promise(() => {}),
    save: () => {},
  })
  const { totals } = await once.run(hung, unitsOf(range(5)))
  expect(totals.failed).toBe(5)
  await expectHealed(range(5))
})

test('a pool of one connection makes every unit, steps and all', async () => {
  const pool = new pg.Pool({ connectionString: opened.db.url, max: 1 })
  const narrow = await onceover({ db: pool, lease: '1s' })
  for (const flow of ['save', 'asked step', 'saveAll'] as const) {
    const { totals } = await narrow.run(payoutsBy(flow, provider), unitsOf(range(60)))
    expect(totals.created + totals.skipped).toBe(60)
  }
  await expectOnce(range(60))
  await narrow.close()
  await pool.end()
})

test.each([1, 60, 1200])(
  'a stream that throws after %i units loses none of them',
  async (count) => {
    function* units() {
      yield* unitsOf(range(count))
      throw new Error('the file ends here')
    }
    const run = once.run(payoutsBy('saveAll', provider), units(), { chunkUnits: 100 })
    await expect(run).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    const claimed = await opened.query("SELECT FROM onceover.claim WHERE state = 'claimed'")
    expect(claimed).toEqual([])
    await expectHealed(range(count))
  },
)

test('a beat that hangs is sent on another connection, and no lease is lost', async () => {
  const proxy = await cutProxy(opened.db.url)
  const pool = new pg.Pool({ connectionString: proxy.url, application_name: 'work' })
  pool.on('error', () => {})
  const behind = await onceover({ db: pool, lease: '2s', worker: 'behind' })
  const renewed = `SELECT FROM onceover.lease WHERE worker = 'behind' AND NOT dead
    AND expires_at > started_at + interval '5 seconds'`
  const patient = generator(payouts, {
    make: async (_, { signal }) => {
      proxy.silenceLeases()
      while ((await opened.query(renewed)).length === 0) signal.throwIfAborted()
    },
    save: (tx, { claim }) => pay(tx, [1], [claim.fence]),
  })
  expect(await behind.runOne(patient, unit)).toMatchObject({ verdict: 'created' })
  await behind.close()
  await pool.end()
  await proxy.close()
})

describe('a clock that jumps', () => {
  const jump = (by: string) =>
    opened.query('UPDATE onceover.lease SET expires_at = expires_at + $1::interval', [by])

  test('ahead lets another take a unit over, and its first owner write nothing', async () => {
    const jumping = payoutsBy('save', provider, {
      making: async () => {
        // A beat may come between the jump and the takeover: then the lease lives.
        for (let verdict = 'in_flight'; verdict !== 'created'; ) {
          await jump('-1 hour')
          verdict = (await other.runOne(payoutsBy('save', provider), unit)).verdict
          expect(['created', 'in_flight']).toContain(verdict)
        }
      },
    })
    const verdict = await once.runOne(jumping, unit)
    expect(['skipped', 'failed', 'in_flight']).toContain(verdict.verdict)
    await expectOnce([1])
  })

  test('back lets a dead worker hold its units for longer, and loses none', async () => {
    const dying = payoutsBy('save', provider, { making: () => new Promise(() => {}) })
    const lost = await onceover({ db: opened.db.url, lease: '1s', worker: 'dying' })
    const running = lost.run(dying, unitsOf([1]))
    while ((await opened.query('SELECT FROM onceover.claim')).length === 0);
    await jump('1 hour')
    expect((await other.runOne(payoutsBy('save', provider), unit)).verdict).toBe('in_flight')
    await running
    await expectHealed([1])
    await lost.close()
  })
})
