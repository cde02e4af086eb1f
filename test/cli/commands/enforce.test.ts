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
