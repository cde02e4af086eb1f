import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../../src/postgres/database.ts'
import { migrate } from '../../../src/postgres/migrate.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { hasScript, installedProject, type Project, runOnTerminal } from '../installed.ts'

let db: TestDatabase
let project: Project

const RUN = '11111111-1111-4111-8111-111111111111'

beforeAll(async () => {
  ;[db, project] = await Promise.all([testDatabase(), installedProject()])
  await migrate(openDatabase(db.pool))
  await db.pool.query(
    `INSERT INTO onceover.event (at, run_id, guard, verdict, reason, actor, parts, keys, existing)
     VALUES
       ('2025-10-23T20:00:00Z', $1, 'visits', 'created', NULL, 'cron', '{day,patient}',
        '[["2025-10-23", "p1"], ["2025-10-23", null]]', NULL),
       (statement_timestamp() - interval '1 hour', $1, 'visits', 'skipped', 'exists', 'cron',
        '{day,patient}', '[["2025-10-24", "日本"]]', '[{"id": "17"}]')`,
    [RUN],
  )
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

const events = (...args: string[]) => project.run(['events', '--db', db.url, ...args])

test('the newest stand first, each with its moment and its run whole', async () => {
  const { code, stdout, stderr } = await events()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '2 events of 3 keys, newest first.\n' })
  const [first, second, ...rest] = stdout.split(/\n(?=\S)/)
  expect(first).toMatch(
    new RegExp(
      `^[-0-9]{10}T[:0-9]{8}Z  skipped  1 key of visits  exists\n  ${RUN}  by cron  day=2025-10-24`,
    ),
  )
  expect(second?.split('\n')).toEqual([
    '2025-10-23T20:00:00Z  created  2 keys of visits',
    `  ${RUN}  by cron  day=2025-10-23 patient=p1`,
    '',
  ])
  expect(rest).toEqual([])
})

test.runIf(hasScript)('on 80 columns the moment and the run are whole, and lines fit', async () => {
  const { stdout } = await runOnTerminal(project, ['events', '--db', db.url])
  const lines = stdout.replaceAll('\r', '').split('\n')
  expect(lines).toContain('2025-10-23T20:00:00Z  created  2 keys of visits')
  expect(lines).toContain(`  ${RUN}  by cron  day=2025-10-23 patient=p1`)
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test('filters narrow it and --json prints whole events, one per line', async () => {
  const { stdout } = await events(
    '--guard',
    'visits',
    '--verdict',
    'skipped',
    '--json',
    '--since',
    '1d',
  )
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    {
      run: RUN,
      verdict: 'skipped',
      keys: [{ day: '2025-10-24', patient: '日本' }],
      existing: [{ id: '17' }],
    },
  ])
  const old = await events('--until', '2025-10-24', '--run', RUN, '--json')
  expect(JSON.parse(old.stdout)).toMatchObject({ at: '2025-10-23T20:00:00.000000Z' })
})

test('the limit is said where it was reached', async () => {
  const { stdout, stderr } = await events('--limit', '1')
  expect(stdout).not.toContain('created')
  expect(stderr).toContain('raise --limit')
})

test('no events are no error', async () => {
  expect(await events('--guard', 'nobody')).toMatchObject({ code: 0, stdout: 'No events.\n' })
  expect(await events('--guard', 'nobody', '--json')).toMatchObject({ code: 0, stdout: '' })
})

test.each([
  [['--since', 'a while'], '"a while"'],
  [['--verdict', 'skiped'], 'skipped'],
  [['--run', '17'], '"17"'],
  [['--limit', 'all'], '--limit all'],
])('%j ends it with 64', async (args, words) => {
  const { code, stdout, stderr } = await events(...args)
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toContain(words)
})

test('a database without our schema ends it with 1 and says what to run', async () => {
  const empty = await testDatabase()
  const { code, stderr } = await project.run(['events', '--db', empty.url])
  await empty.drop()
  expect(code).toBe(1)
  expect(stderr).toMatch(/NOT_MIGRATED(.|\n)*onceover migrate/)
})
