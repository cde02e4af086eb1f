import { afterAll, beforeAll, expect, test } from 'vitest'
import { generator, guard, int, type Logger, type Onceover, onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const prints = guard('prints', { table: 'print', key: { number: int() } })
const lines: [level: string, message: string, facts: unknown][] = []
const log = (level: string) => (facts: unknown, message: string) =>
  lines.push([level, message, facts])
const logger = {
  debug: log('debug'),
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
} as unknown as Logger

let db: TestDatabase
let once: Onceover
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE print (id serial PRIMARY KEY, number int NOT NULL UNIQUE)')
  once = await onceover({ db: db.pool, logger })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const unit = (number: number) => ({ key: { number } })
let paid = 0
const printing = generator(prints, {
  make: (_, claim) => claim.step('pay', () => ++paid),
  save: async (tx, { unit: { key } }) => {
    await tx.query('INSERT INTO print (number) VALUES ($1)', [key.number])
  },
  backoff: '1ms',
})

test('a key that its column cannot hold is invalid alone, and the others are made', async () => {
  const { verdicts } = await once.run(printing, [unit(1), unit(2 ** 31), unit(2)])
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'invalid', 'created'])
  expect(verdicts[1]).toMatchObject({
    reason: 'value "2147483648" is out of range for type integer',
    sqlstate: '22003',
  })
  expect((await once.runOne(printing, unit(2 ** 31))).verdict).toBe('invalid')
  const preview = await once.preview(printing, [unit(2 ** 31), unit(3)])
  expect(preview.verdicts.map(({ verdict }) => verdict)).toEqual(['invalid', 'created'])
})

test('a save that inserts beside the row to replace fails, and pays once for it', async () => {
  await once.runOne(printing, unit(10))
  const before = paid
  const missed = { verdict: 'failed', code: 'SAVE_MISSED_EXISTING', sqlstate: '23505' }
  const replace = { onDuplicate: 'replace' } as const
  expect(await once.runOne(printing, unit(10), replace)).toMatchObject(missed)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await once.runOne(printing, unit(10), replace)).toMatchObject(missed)
  expect(paid).toBe(before + 1)
})

test('a retry of a run that is unknown is refused', async () => {
  const run = '00000000-0000-4000-8000-000000000000'
  await expect(once.retry(printing, { run })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
})

test('a range is refused before anything is opened where nothing is expected', async () => {
  const { length } = await once.runs()
  await expect(once.run(printing, { month: 1 })).rejects.toMatchObject({ code: 'EXPECTED_MISSING' })
  expect((await once.runs()).length).toBe(length)
})

test('the end of a run is logged, as a warning where units failed', async () => {
  lines.length = 0
  await once.run(printing, [unit(1)], { reason: 'cron' })
  const failing = generator(prints, {
    save: () => {
      throw new Error('no paper')
    },
  })
  await once.run(failing, [unit(20)])
  expect(lines.map(([level, message]) => [level, message])).toEqual([
    ['info', 'onceover: run ended'],
    ['warn', 'onceover: run ended'],
  ])
  expect(lines[0]?.[2]).toMatchObject({ guard: 'prints', reason: 'cron', state: 'done' })
})
