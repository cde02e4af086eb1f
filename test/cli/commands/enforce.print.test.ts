import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { installedProject, type Project } from '../installed.ts'

let db: TestDatabase
let project: Project
beforeAll(async () => {
  ;[db, project] = await Promise.all([testDatabase(), installedProject()])
  await project.write(
    'onceover.config.ts',
    `import { date, guard } from 'onceover'
export default { guards: [guard('visits', { table: 'visits', key: { day: date() } })] }`,
  )
  await db.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL);
    INSERT INTO visits VALUES (1, '2025-10-23'), (2, '2025-10-23')`)
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

const print = (...args: string[]) => project.run(['enforce', '--db', db.url, '--print', ...args])

test('the index is printed and not made, whatever duplicates there are', async () => {
  const { code, stdout } = await print('sql', 'visits')
  expect(code).toBe(0)
  expect(stdout).toContain(
    'CREATE UNIQUE INDEX CONCURRENTLY "ux_visits_visits" ON "public"."visits" ("day");\n',
  )
  expect((await print('conflict')).stdout).toMatch(/\nON CONFLICT \("day"\) DO NOTHING\n$/)
  const { rows } = await db.pool.query("SELECT FROM pg_class WHERE relname = 'ux_visits_visits'")
  expect(rows).toEqual([])
})

test('with --json the text is a property of an object', async () => {
  const { stdout } = await print('prisma', '--json')
  expect(JSON.parse(stdout)).toEqual({
    guard: 'visits',
    prisma: expect.stringContaining('@@unique([day], map: "ux_visits_visits")'),
  })
})

test('a tool that is not known is wrong usage', async () => {
  const { code, stderr } = await print('rails')
  expect({ code, stderr }).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('Give one of conflict, sql, prisma, drizzle, knex.'),
  })
})
