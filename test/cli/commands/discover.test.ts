import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { installedProject, type Project } from '../installed.ts'

let db: TestDatabase
let project: Project
beforeAll(async () => {
  ;[db, project] = await Promise.all([testDatabase(), installedProject()])
  await db.pool.query(`
    CREATE TABLE visits (id int PRIMARY KEY, patient_id int NOT NULL, day date NOT NULL);
    INSERT INTO visits SELECT g, greatest(g, 3), '2025-10-23' FROM generate_series(1, 40) g;
    CREATE TABLE tags (id int PRIMARY KEY, slug text NOT NULL UNIQUE);
    CREATE TABLE loose (day date)`)
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

const discover = (...args: string[]) => project.run(['discover', '--db', db.url, ...args])

test('what is proposed is advice: it ends with 0, and every line fits', async () => {
  const { code, stdout, stderr } = await discover()
  expect(code).toBe(0)
  expect(stderr).toMatch(/^looking at every table of postgres:/)
  expect(stdout).toMatch(/^score +table +excess rows +key\n +95 +visits +2 +patient_id, day\n/)
  expect(stdout).toContain("  guard('visits', {\n    table: 'visits',\n")
  expect(stdout).toContain("import { date, guard, int, text } from 'onceover'\n")
  expect(stdout).toContain('loose: it has no primary key, which a guard needs.')
  expect(stdout).toMatch(/\n3 tables, 2 proposals\.\n$/)
})

test('--limit says how many there are besides, and --json is a proposal per line', async () => {
  expect((await discover('--limit', '1')).stdout).toContain('1 more proposal with a higher --limit')
  const { stdout } = await discover('--json', '--limit', '1')
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first).toMatchObject({
    table: 'visits',
    key: { patient_id: 'int', day: 'date' },
    duplicates: { groups: 1, excess: 2, estimated: false },
  })
  expect(second).toEqual({
    skipped: { table: 'loose', reason: 'it has no primary key, which a guard needs' },
  })
})

test('--schema looks at one schema, and there may be nothing in it', async () => {
  const { code, stdout } = await discover('--schema', 'elsewhere')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0 tables, 0 proposals.\n' })
})

test('a limit that is no number is wrong usage', async () => {
  expect((await discover('--limit', 'many')).code).toBe(64)
})
