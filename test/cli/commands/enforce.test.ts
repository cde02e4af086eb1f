import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { installedProject, type Project } from '../installed.ts'

let db: TestDatabase
let project: Project

const CONFIG = `
import { date, guard, text } from 'onceover'
const key = { day: date(), patient: text() }
export const visits = guard('visits', { table: 'visits', key, index: 'ux_visits' })
export const clean = guard('clean', { table: 'clean', key, index: 'ux_clean' })
export default { guards: { visits, clean } }`

beforeAll(async () => {
  project = await installedProject()
  await project.write('onceover.config.ts', CONFIG)
})
afterAll(() => project.remove())
beforeEach(async () => {
  db = await testDatabase()
  await db.pool.query(`
    CREATE TABLE visits (id int PRIMARY KEY, day date, patient text);
    INSERT INTO visits VALUES (1, '2025-10-23', 'p1'), (2, '2025-10-23', 'p1');
    CREATE TABLE clean (id int PRIMARY KEY, day date, patient text)`)
})
afterEach(() => db.drop())

const enforce = (...args: string[]) => project.run(['enforce', ...args, '--db', db.url])

const indexes = async (): Promise<string[]> => {
  const { rows } = await db.pool.query(
    `SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ux%' ORDER BY 1`,
  )
  return rows.map(({ indexname }) => indexname)
}

test('the index is made and its DDL is shown; a second time nothing changes', async () => {
  const first = await enforce('clean')
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^on postgres:\/\//) })
  expect(first.stdout).toMatch(/^clean: created\n {2}CREATE UNIQUE INDEX "?ux_clean"? ON /)
  expect(await indexes()).toEqual(['ux_clean'])
  const again = await enforce('clean', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({
    guard: 'clean',
    index: 'ux_clean',
    created: false,
  })
})

test('duplicates in the way end it with 4, and nothing is made', async () => {
  const { code, stdout, stderr } = await enforce('visits', '--json')
  expect(code).toBe(4)
  expect(stderr).toContain('DUPLICATES_EXIST')
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'DUPLICATES_EXIST', details: { groups: 1, excess: 1 } },
  })
  expect(await indexes()).toEqual([])
})

test('all guards have their turn, and 3 says that it was done in part', async () => {
  const { code, stdout } = await enforce()
  expect(code).toBe(3)
  expect(stdout).toContain('clean: created')
  expect(await indexes()).toEqual(['ux_clean'])
})

test('without a configuration it says what to do', async () => {
  const end = await project.run(['enforce', 'clean', '--db', db.url], {}, '/')
  expect(end).toMatchObject({ code: 64, stderr: expect.stringContaining('CONFIG_NOT_FOUND') })
  expect(end.stderr).not.toContain('--table')
})

test('--dry-run prints every statement with its reason and its lock, and runs none', async () => {
  const { code, stdout } = await enforce('clean', '--dry-run', '--online', '--constraint')
  expect(code).toBe(0)
  expect(stdout).toContain('-- clean would be enforced while writers go on (ux_clean)')
  expect(stdout).toMatch(/-- gate: .*\n-- lock: SHARE ROW EXCLUSIVE.*\nCREATE OR REPLACE TRIGGER/)
  expect(stdout).toContain('UNIQUE USING INDEX "ux_clean";')
  expect(await indexes()).toEqual([])
  const json = await enforce('clean', '--dry-run', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ guard: 'clean', how: 'locked' })
})

test('--online tells each step on stderr', async () => {
  const { code, stdout, stderr } = await enforce('clean', '--online', '--deadline', '5m')
  expect(code).toBe(0)
  expect(stdout).toContain('CREATE UNIQUE INDEX CONCURRENTLY')
  for (const step of ['key index', 'gate', 'build', 'clean up']) {
    expect(stderr).toContain(`clean: ${step}\n`)
  }
})

test('the deadline ends it with 1, and the message names who was in the way', async () => {
  const holder = await db.pool.connect()
  await holder.query("SET application_name = 'nightly import'; BEGIN; LOCK TABLE clean")
  const { code, stderr } = await enforce('clean', '--deadline', '1s')
  holder.release(true)
  expect(code).toBe(1)
  expect(stderr).toContain('ENFORCE_TIMED_OUT')
  expect(stderr).toContain('nightly import')
})

test('--drop takes the enforcement back once it is confirmed', async () => {
  await enforce('clean')
  const unasked = await enforce('clean', '--drop', '--no-input')
  expect(unasked).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/fix [^\n]* enforce [^\n]*clean[^\n]* --drop [^\n]*--yes\n/),
  })
  expect(await indexes()).toEqual(['ux_clean'])
  const { code, stdout } = await enforce('clean', '--drop', '--yes')
  expect(code).toBe(0)
  expect(stdout).toContain('clean: dropped\n  DROP INDEX CONCURRENTLY')
  expect(await indexes()).toEqual([])
  const again = await enforce('clean', '--drop', '--yes')
  expect(again.stdout).toContain('there was no index of ours')
})

test('options that mean nothing together are refused', async () => {
  expect(await enforce('clean', '--drop', '--online')).toMatchObject({ code: 64 })
  expect(await enforce('clean', '--print', 'sql', '--dry-run')).toMatchObject({ code: 64 })
})
