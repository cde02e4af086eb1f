import { date, generator, guard, int, type Onceover, onceover, text } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkshop, unit, units, visiting, visits, type Workshop } from '../runs/workshop.ts'
import { testDatabase } from '../support/database.ts'

let shop: Workshop
let once: Onceover
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(async () => {
  await shop.empty()
  await shop.rows('TRUNCATE onceover.guard')
  once = await shop.other()
})

const key = { visitor: int(), day: date() }
const named = (name: string, more: object = {}) => guard(name, { table: 'visits', key, ...more })
const doing = (of: ReturnType<typeof named>) => generator(of, { save: () => undefined })

describe('GUARD_CHANGED', () => {
  const changed = { code: 'GUARD_CHANGED', details: { guard: 'visits' } }
  const other = () => guard('visits', { table: 'visits', key: { code: text() } })

  test('refuses a key that was declared anew while there are claims, in any process', async () => {
    await once.run(visiting(), [unit(1)])
    const work = generator(other(), { save: () => undefined })
    await expect(once.run(work, [{ key: { code: 'a' } }])).rejects.toMatchObject(changed)
    const fresh = await shop.other()
    await expect(fresh.runOne(work, { key: { code: 'a' } })).rejects.toMatchObject(changed)
    expect(await shop.rows('SELECT FROM onceover.claim')).toHaveLength(1)
  })

  test('lets a guard without claims be declared anew', async () => {
    const once = await shop.other()
    await once.run(visiting(), [])
    const work = generator(other(), { save: () => undefined })
    expect((await once.runOne(work, { key: { code: 'a' } })).verdict).toBe('created')
  })

  test('does not mind another where, other columns to show, or another index', async () => {
    await once.run(visiting(), [unit(1)])
    const more = { where: 'visitor > 0', show: ['code'], index: 'visits_visitor_day_key' }
    const { verdict } = await (await shop.other()).runOne(doing(named('visits', more)), unit(1))
    expect(verdict).toBe('skipped')
  })
})

describe('GUARD_RENAMED', () => {
  test('refuses a new name for the same key, until the claims are moved', async () => {
    const { run } = await once.run(visiting(), units(1, 3))
    const renamed = named('renamed')
    await expect(once.run(doing(renamed), [unit(1)])).rejects.toMatchObject({
      code: 'GUARD_RENAMED',
      fix: expect.stringContaining(`once.renameGuard('visits', guard)`),
    })
    expect(await once.renameGuard('visits', renamed)).toBe(3)
    const { totals } = await once.run(doing(renamed), units(1, 4))
    expect(totals).toMatchObject({ skipped: 3, created: 1 })
    const [claim] = await once.claims({ limit: 1 })
    expect(claim).toMatchObject({ guard: 'renamed', key: { day: '2025-01-01' } })
    expect((await once.status(run)).guard).toBe('renamed')
    expect(await once.renameGuard('visits', renamed)).toBe(0)
  })

  test('a run that stopped goes on under the new name', async () => {
    const failing = visiting({ make: () => Promise.reject(new Error('not yet')) })
    const { run } = await once.run(failing, [unit(1)])
    const renamed = named('renamed')
    await once.renameGuard('visits', renamed)
    expect((await once.resume(doing(renamed), run)).totals).toMatchObject({ created: 1 })
  })

  test('claims do not move to a guard of another key', async () => {
    await once.run(visiting(), [unit(1)])
    const other = guard('other', { table: 'visits', key: { code: text() } })
    await expect(once.renameGuard('visits', other)).rejects.toMatchObject({
      code: 'GUARD_CHANGED',
    })
    expect(await once.claims({ guard: 'visits' })).toHaveLength(1)
  })

  test('the old name may be used again after that, for claims of its own', async () => {
    await once.run(visiting(), [unit(1)])
    await once.renameGuard('visits', named('renamed'))
    await expect(once.run(visiting(), [unit(2)])).rejects.toMatchObject({
      code: 'GUARD_RENAMED',
    })
  })
})

test('NOT_MIGRATED says what is missing, of every way in', async () => {
  const database = await testDatabase()
  const once = await onceover({ db: database.pool })
  await database.pool.query('CREATE TABLE visits (id int, visitor int, day date, note text)')
  await database.pool.query('ALTER TABLE visits ADD PRIMARY KEY (id), ADD UNIQUE (visitor, day)')
  const refused = { code: 'NOT_MIGRATED' }
  const id = crypto.randomUUID()
  const work = doing(visits)
  await expect(once.run(work, [])).rejects.toMatchObject(refused)
  await expect(once.runOne(work, unit(1))).rejects.toMatchObject(refused)
  await expect(once.preview(work, [unit(1)])).rejects.toMatchObject(refused)
  await expect(once.resume(work, id)).rejects.toMatchObject(refused)
  await expect(once.retry(work)).rejects.toMatchObject(refused)
  await expect(once.cancel(id)).rejects.toMatchObject(refused)
  await expect(once.runs()).rejects.toMatchObject(refused)
  await expect(once.status(id)).rejects.toMatchObject(refused)
  await expect(once.claims()).rejects.toMatchObject(refused)
  await expect(once.renameGuard('a', visits)).rejects.toMatchObject(refused)
  await expect(once.resolveStep(work, unit(1).key, 'pay', { again: true })).rejects.toMatchObject(
    refused,
  )
  await once.close()
  await database.drop()
})

test('GUARD_NOT_ENFORCED: without a unique index nothing is claimed', async () => {
  await shop.rows('CREATE TABLE IF NOT EXISTS loose (id serial PRIMARY KEY, visitor int, day date)')
  const loose = guard('loose', { table: 'loose', key })
  await expect(once.run(doing(loose), [unit(1)])).rejects.toMatchObject({
    code: 'GUARD_NOT_ENFORCED',
  })
  expect(await once.claims({ guard: 'loose' })).toEqual([])
})

test.each(['serializable', 'repeatable read'])(
  'many processes begin at once where transactions are %s by default',
  async (isolation) => {
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
    const pools = Array.from(
      { length: 6 },
      () => new pg.Pool({ connectionString: shop.database.url, options }),
    )
    const all = await Promise.all(pools.map((db) => shop.other({ db })))
    const ended = await Promise.all(
      all.map((once) => once.run(visiting(), units(1, 60), { wait: '1m', chunkUnits: 7 })),
    )
    const created = ended.map(({ totals }) => totals.created)
    expect(created.reduce((sum, each) => sum + each, 0)).toBe(60)
    for (const { totals } of ended) expect(totals).toMatchObject({ rows: 60, failed: 0 })
    await Promise.all(all.map((once) => once.close()))
    await Promise.all(pools.map((pool) => pool.end()))
  },
)
