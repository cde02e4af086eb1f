import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/postgres/database.ts'
import { migrate } from '../../../src/postgres/migrate.ts'
import { isMigrated } from '../../../src/postgres/schema.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { ended, hasScript, installedProject, type Project, SCRIPT } from '../installed.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  project = await installedProject()
})
afterAll(() => project.remove())
beforeEach(async () => {
  db = await testDatabase()
  await migrate(openDatabase(db.pool))
})
afterEach(() => db.drop())

const migrated = () => isMigrated(openDatabase(db.pool).session)

test('--yes removes the schema, and says so when there is none', async () => {
  const first = await project.run(['uninstall', '--yes', '--db', db.url])
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^on postgres:/) })
  expect(await migrated()).toBe(false)
  const again = await project.run(['uninstall', '--yes', '--json', '--db', db.url])
  expect(JSON.parse(again.stdout)).toMatchObject({ removed: false })
})

test('off a terminal it asks for --yes and changes nothing', async () => {
  const { code, stderr } = await project.run(['uninstall', '--db', db.url])
  expect(code).toBe(64)
  expect(stderr).toMatch(/fix .* onceover uninstall --db postgres:\/\/[^:]+:\d+\/\w+ --yes\n/)
  expect(await migrated()).toBe(true)
})

test('objects of somebody else that depend on ours end it with 4', async () => {
  await db.pool.query('CREATE VIEW skips AS SELECT * FROM onceover.event')
  const { code, stderr } = await project.run(['uninstall', '--yes', '--db', db.url])
  expect(code).toBe(4)
  expect(stderr).toContain('UNINSTALL_BLOCKED')
  expect(stderr).toContain('view public.skips')
  expect(await migrated()).toBe(true)
})

describe.runIf(hasScript)('on a terminal', () => {
  const answer = async (typed: string, more = '') => {
    const main = `${project.directory}/node_modules/onceover/dist/cli/main.js`
    const command = `'${process.execPath}' '${main}' uninstall ${more} --db '${db.url}'`
    const child = spawn(SCRIPT, ['-qec', command, '/dev/null'], {
      cwd: project.directory,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes('[y/N]')) child.stdin.write(typed)
    })
    return ended(child)
  }

  test.each(['y\r', 'YES\r'])('%j removes the schema', async (typed) => {
    expect(await answer(typed)).toMatchObject({ code: 0 })
    expect(await migrated()).toBe(false)
  })

  test.each(['\r', 'n\r', 'yep\r', '\u0004'])(
    '%j changes nothing and ends it with 4',
    async (typed) => {
      const { code, stdout } = await answer(typed)
      expect(code).toBe(4)
      expect(stdout).toContain('Nothing was changed.')
      expect(await migrated()).toBe(true)
    },
  )

  test('Ctrl-C changes nothing and ends it with 130', async () => {
    expect(await answer('\u0003')).toMatchObject({ code: 130 })
    expect(await migrated()).toBe(true)
  })

  test('--no-input fails rather than ask', async () => {
    expect(await answer('y\r', '--no-input')).toMatchObject({ code: 64 })
    expect(await migrated()).toBe(true)
  })
})
