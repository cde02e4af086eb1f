import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../../src/postgres/database.ts'
import { migrate } from '../../../src/postgres/migrate.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { installedProject, type Project } from '../installed.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  project = await installedProject()
})
afterAll(() => project.remove())
beforeEach(async () => {
  db = await testDatabase()
})
afterEach(() => db.drop())

const MIGRATIONS = ['001_schema', '002_claims', '003_repair', '004_lists', '005_only']

const target = () => `on postgres://postgres@${new URL(db.url).host}${new URL(db.url).pathname}\n`

test('names the target without its password, and what it applied', async () => {
  const first = await project.run(['migrate', '--db', db.url])
  expect(first).toMatchObject({ code: 0, stderr: target() })
  expect(first.stdout).toMatch(/^applied 001_schema\n/)
  const again = await project.run(['migrate', '--db', db.url])
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Up to date at version/) })
})

test('--json prints one object', async () => {
  const { stdout } = await project.run(['migrate', '--json'], { DATABASE_URL: db.url })
  expect(JSON.parse(stdout)).toMatchObject({ from: 0, applied: MIGRATIONS })
})

test('--sql needs no database, and psql runs what it prints', async () => {
  const { code, stdout, stderr } = await project.run(['migrate', '--sql'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  await db.pool.query(stdout)
  expect(await migrate(openDatabase(db.pool))).toMatchObject({ applied: [] })
  const { stdout: json } = await project.run(['migrate', '--sql', '--json'])
  expect(JSON.parse(json)).toEqual({ sql: stdout })
})

test('ten processes at once apply each migration once', async () => {
  const ends = await Promise.all(
    Array.from({ length: 10 }, () => project.run(['migrate', '--json', '--db', db.url])),
  )
  expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 0))
  const applied = ends.flatMap(({ stdout }) => JSON.parse(stdout).applied)
  expect(applied).toEqual(MIGRATIONS)
})

test('a database that refuses to be changed ends it with 4', async () => {
  const url = `${db.url}?options=-c%20default_transaction_read_only%3Don`
  const { code, stdout, stderr } = await project.run(['migrate', '--db', url, '--json'])
  expect(code).toBe(4)
  expect(stderr).toMatch(/error {2}READ_ONLY\nwhat {3}postgres:.*\nfix {4}Connect to the primary/)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'READ_ONLY' } })
})

test.each([
  [['--db', ''], { DATABASE_URL: 'env' }, 'DATABASE_URL_INVALID'],
  [[], {}, 'CONFIG_NOT_FOUND'],
  [['--config', 'none.ts', '--db', 'x'], {}, 'CONFIG_NOT_FOUND'],
])('migrate %j never guesses another database', async (args, env, code) => {
  const given = 'DATABASE_URL' in env ? { DATABASE_URL: db.url } : {}
  const end = await project.run(['migrate', ...args], given)
  expect(end).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining(code) })
})

test('the executable can be started without `node`', async () => {
  const main = `${project.directory}/node_modules/onceover/dist/cli/main.js`
  const { stdout } = await promisify(execFile)('head', ['-n', '1', main])
  expect(stdout).toBe('#!/usr/bin/env node\n')
})
