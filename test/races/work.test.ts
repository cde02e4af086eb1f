import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generator, type Onceover, onceover } from '../../src/index.ts'
import { allOnce, countOf } from '../crashes/count.ts'
import { PAYOUTS, Provider, payouts, payoutsBy, unitsOf } from '../crashes/payouts.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { shuffled } from './tickets.ts'
import { payoutsInBulk, payoutsSlowly } from './work-payouts.ts'
import { startWork, type WorkProcess } from './work-processes.ts'

// In full: ONCEOVER_RACE_UNITS=20000 npm test -- test/races/work.test.ts
const UNITS = Number(process.env.ONCEOVER_RACE_UNITS ?? 400)
const TIME_LIMIT_MS = process.env.ONCEOVER_RACE_UNITS ? 1_800_000 : 120_000
const WORKERS = 6

let opened: Opened
let provider: Provider
let workers: Onceover[]
beforeEach(async () => {
  opened = await open(PAYOUTS)
  provider = new Provider(opened.db.url)
  workers = await Promise.all(
    Array.from({ length: WORKERS }, (_, seed) =>
      onceover({ db: opened.db.url, lease: '2s', worker: `worker ${seed}` }),
    ),
  )
})
afterEach(async () => {
  await Promise.all(workers.map((once) => once.close()))
  await provider.close()
  await opened.close()
})

const count = (numbers: readonly number[]) => countOf(opened.db.pool, numbers)
const numbers = Array.from({ length: UNITS }, (_, place) => place)
const list = (seed: number) => unitsOf(shuffled(UNITS, seed))

/** Every worker does the same at once. */
const together = <Result>(work: (once: Onceover, seed: number) => Promise<Result>) =>
  Promise.all(workers.map(work))

const sum = (all: readonly { readonly totals: Readonly<Record<string, number>> }[], name: string) =>
  all.reduce((total, { totals }) => total + (totals[name] ?? 0), 0)

/** Waits until a process has made units; fails where it ended before that. */
async function untilPaid(units: number, { done }: WorkProcess): Promise<void> {
  let ended: Error | undefined
  done.then(
    () => {
      ended = new Error('the process ended')
    },
    (error) => {
      ended = error
    },
  )
  while ((await opened.query('SELECT FROM effect')).length < units) if (ended) throw ended
}

/** How many units the ledger's runs and its events say have a verdict. */
const recorded = async (verdict: string) => {
  const [row] = await opened.query(
    `SELECT coalesce(sum(json_array_length(keys)), 0)::int AS events,
      (SELECT coalesce(sum(${verdict}), 0)::int FROM onceover.run) AS runs
     FROM onceover.event WHERE verdict = $1`,
    [verdict],
  )
  return row
}

describe('workers with the same list, each in an order of its own', () => {
  test.each(['save', 'saveAll', 'asked step'] as const)(
    'make each unit once, and their totals add up: %s',
    async (flow) => {
      const results = await together((once, seed) =>
        once.run(payoutsBy(flow, provider), list(seed), { wait: '1m' }),
      )
      expect(await count(numbers)).toEqual(allOnce(UNITS))
      expect(sum(results, 'created')).toBe(UNITS)
      expect(sum(results, 'skipped')).toBe((WORKERS - 1) * UNITS)
      expect(await recorded('created')).toEqual({ events: UNITS, runs: UNITS })
      expect(await recorded('skipped')).toEqual({
        events: (WORKERS - 1) * UNITS,
        runs: (WORKERS - 1) * UNITS,
      })
      for (const { verdicts, totals } of results) {
        expect([verdicts.length, totals.rows]).toEqual([UNITS, UNITS])
      }
    },
    TIME_LIMIT_MS,
  )

  test(
    'that replace leave the work of one owner for each unit, whole',
    async () => {
      await opened.query('CREATE TABLE part (number int, fence bigint, place int)')
      const replacing = generator(payouts, {
        save: async (tx, { unit, claim }) => {
          const { number } = unit.key
          await tx.query('DELETE FROM part WHERE number = $1', [number])
          await tx.query('INSERT INTO part SELECT $1, $2, generate_series(1, 3)', [
            number,
            String(claim.fence),
          ])
        },
      })
      const units = Math.ceil(UNITS / 4)
      const results = await together((once, seed) =>
        once.run(replacing, unitsOf(shuffled(units, seed)), {
          onDuplicate: 'replace',
          wait: '1m',
        }),
      )
      const mixed = await opened.query(`SELECT number FROM part GROUP BY number
        HAVING count(*) <> 3 OR count(DISTINCT fence) <> 1
          OR min(fence) <> (SELECT fence FROM onceover.claim
            WHERE key = jsonb_build_array(number) AND state = 'done')`)
      expect(mixed).toEqual([])
      expect(sum(results, 'failed')).toBe(0)
      expect(sum(results, 'created')).toBe(WORKERS * units)
    },
    TIME_LIMIT_MS,
  )
})

test('of workers that want one unit, one makes it, and all have its result', async () => {
  for (const { key } of unitsOf(numbers.slice(0, 10))) {
    const results = await together((once) => once.runOne(payoutsSlowly, { key }, { wait: '30s' }))
    const verdicts = results.map(({ verdict }) => verdict).sort()
    expect(verdicts).toEqual(['created', ...Array(WORKERS - 1).fill('skipped')])
    expect(new Set(results.map(({ result }) => JSON.stringify(result))).size).toBe(1)
  }
  expect(await count(numbers.slice(0, 10))).toEqual(allOnce(10))
})

test(
  'a run that another process cancels in its middle keeps what is done, and frees the rest',
  async () => {
    const [once] = workers as [Onceover]
    let run = ''
    const work = startWork(
      { url: opened.db.url, how: 'slow list', count: UNITS, seed: 0 },
      (told) => {
        run = told.run
      },
    )
    await untilPaid(10, work)
    while (run === '') await untilPaid(11, work)
    expect(await once.cancel(run, { actor: 'somebody' })).toMatchObject({ cancelled: true })
    const paid = await opened.query('SELECT FROM effect')
    expect(await work.done).toMatchObject({ state: 'cancelled' })
    // Whatever committed before the cancel stands, and nothing came after it.
    expect(await opened.query('SELECT FROM effect')).toHaveLength(paid.length)
    expect(await opened.query("SELECT FROM onceover.claim WHERE state = 'claimed'")).toEqual([])
    expect((await once.status(run)).totals.created).toBe(paid.length)
    expect((await once.run(payoutsInBulk, unitsOf(numbers))).totals).toMatchObject({
      created: UNITS - paid.length,
      skipped: paid.length,
    })
  },
  TIME_LIMIT_MS,
)

test('cancels that race with the run, and each other, leave each unit done or free', async () => {
  for (let round = 0; round < 10; round++) {
    const units = unitsOf(numbers.map((number) => number + round * UNITS).slice(0, 60))
    let cancels: Promise<unknown> | undefined
    const [once] = workers as [Onceover]
    const { run, state } = await once.run(payoutsBy('save', provider), units, {
      concurrency: 4,
      onVerdicts: () => {
        cancels ??= runIdOf('running').then((id) =>
          Promise.all(workers.map((worker) => worker.cancel(id))),
        )
      },
    })
    const told = (await cancels) as { cancelled: boolean; claims: number }[]
    expect(told.filter(({ cancelled }) => cancelled)).toHaveLength(state === 'cancelled' ? 1 : 0)
    const claims = await opened.query(
      `SELECT FROM onceover.claim WHERE run_id = $1 AND state NOT IN ('done', 'cancelled')`,
      [run],
    )
    expect(claims).toEqual([])
    await workers[1]?.run(payoutsBy('save', provider), units)
    const all = units.map(({ key }) => key.number)
    expect(await count(all)).toEqual(allOnce(all.length))
  }
})

const runIdOf = async (state: string): Promise<string> =>
  String((await opened.query('SELECT id FROM onceover.run WHERE state = $1', [state]))[0]?.id)

test('workers that retry the same failed units at once make each of them once', async () => {
  const [once] = workers as [Onceover]
  const failing = payoutsBy('save', provider, {
    making: () => Promise.reject(new Error('not today')),
  })
  expect((await once.run(failing, unitsOf(numbers))).totals.failed).toBe(UNITS)
  const results = await together((each) => each.retry(payoutsBy('save', provider)))
  expect(sum(results, 'created')).toBe(UNITS)
  expect(await count(numbers)).toEqual(allOnce(UNITS))
})

test(
  'workers that resume the same crashed run at once finish it, each unit once',
  async () => {
    const task = { url: opened.db.url, how: 'slow list', count: UNITS, seed: 0 } as const
    const crashed = startWork(task)
    await untilPaid(5, crashed)
    crashed.process.kill('SIGKILL')
    await crashed.done
    const run = await runIdOf('running')
    await expect(workers[0]?.resume(payoutsInBulk, run)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    })
    const alive = `SELECT FROM onceover.lease
      WHERE worker = 'process 0' AND expires_at > statement_timestamp()`
    while ((await opened.query(alive)).length > 0);
    const results = await Promise.allSettled(workers.map((each) => each.resume(payoutsInBulk, run)))
    const codes = results.map((result) =>
      result.status === 'fulfilled' ? result.value.state : result.reason.code,
    )
    expect(codes).toContain('done')
    expect(codes.filter((code) => code !== 'done' && code !== 'RUN_NOT_FOUND')).toEqual([])
    expect(await opened.query("SELECT FROM onceover.claim WHERE state <> 'done'")).toEqual([])
    await workers[0]?.run(payoutsInBulk, unitsOf(numbers))
    const [row] = await opened.query(
      'SELECT count(*)::int AS effects, count(DISTINCT number)::int AS units FROM effect',
    )
    expect(row).toEqual({ effects: UNITS, units: UNITS })
  },
  TIME_LIMIT_MS,
)
