import { guard, int, type Onceover, onceover } from 'onceover'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { GUARDS, type GuardName, NAMES, TABLES } from './guarded-tables.ts'

let database: TestDatabase
let once: Onceover

beforeEach(async () => {
  database = await testDatabase()
  once = await onceover({ db: database.pool })
  await database.pool.query(TABLES)
})
afterEach(async () => {
  await once.close()
  await database.drop()
})

const isEnforced = async (name: GuardName) => (await once.inspect(GUARDS[name])).coverage.enforced

// A statement at a time, as psql sends a file: no transaction around CREATE INDEX CONCURRENTLY.
async function runSql(sql: string) {
  const statements = sql
    .split(/;\n(?=CREATE|DROP|DO|--|\n|$)/)
    .map((each) => each.replaceAll(/^--.*$/gm, '').trim())
    .filter((each) => each !== '')
  for (const each of statements) await database.pool.query(each)
}

const halves = (sql: string): readonly [up: string, down: string] => {
  const at = sql.indexOf('-- Down.')
  return [sql.slice(0, at), sql.slice(at)]
}

describe.each(NAMES)('the guard %s', (name) => {
  test('is enforced by the printed SQL, and is not any more after its way down', async () => {
    const [up, down] = halves(`${(await once.migrations(GUARDS[name])).sql}\n`)
    expect(await isEnforced(name)).toBe(false)
    await runSql(up)
    expect(await isEnforced(name)).toBe(true)
    await runSql(down)
    expect(await isEnforced(name)).toBe(false)
    await runSql(up)
    expect(await isEnforced(name)).toBe(true)
  })

  test('is the arbiter that the printed ON CONFLICT names', async () => {
    await once.enforce(GUARDS[name])
    const { conflict } = await once.migrations(GUARDS[name])
    const { table } = await once.inspect(GUARDS[name])
    const { rows } = await database.pool.query(
      `EXPLAIN (FORMAT JSON) INSERT INTO ${table.quoted} DEFAULT VALUES\n${conflict}`,
    )
    expect(rows[0]['QUERY PLAN'][0].Plan['Conflict Arbiter Indexes']).toEqual([GUARDS[name].index])
  })
})

const prismaOf = async (name: GuardName) => (await once.migrations(GUARDS[name])).prisma

describe('for Prisma', () => {
  test('a key of plain columns is a line of the schema', async () => {
    expect(await prismaOf('plain')).toMatch(
      /\n@@unique\(\[day, patient_id\], map: "ux_visits_plain"\)$/,
    )
    expect(await prismaOf('copied')).toMatch(/@@unique\(\[day, patient_id, copy\],/)
    expect(await prismaOf('partitioned')).toMatch(/@@unique\(\[day\],/)
  })

  test.each([
    ['partial', '-- In SQL, since @@unique has no WHERE.'],
    ['computed', '-- In SQL, since @@unique has no expressions, such as the one of month.'],
    ['nullsEqual', '-- In SQL, since @@unique has no NULLS NOT DISTINCT.'],
  ] as const)('%s is SQL that enforces it, with the reason', async (name, reason) => {
    const printed = await prismaOf(name)
    expect(printed.split('\n')[0]).toBe(reason)
    await runSql(printed)
    expect(await isEnforced(name)).toBe(true)
  })

  test('a file with CREATE INDEX CONCURRENTLY has no other statement', async () => {
    const files = (await prismaOf('computed')).split(/^-- prisma\/migrations\//m).slice(1)
    expect(files).toHaveLength(2)
    expect(files[0]).toMatch(/^<time>_functions_of_computed\/migration\.sql\nDO /)
    expect(files[1]?.match(/;$/gm)).toHaveLength(1)
  })
})

test('a guard that no index could enforce is refused', async () => {
  const impossible = guard('parts', { table: 'parted', key: { id: int() } })
  await expect(once.migrations(impossible)).rejects.toMatchObject({ code: 'GUARD_NOT_ENFORCEABLE' })
})

test('printing changes nothing', async () => {
  const count = async () => (await database.pool.query('SELECT count(*) FROM pg_class')).rows
  const before = await count()
  for (const name of NAMES) await once.migrations(GUARDS[name])
  expect(await count()).toEqual(before)
})
