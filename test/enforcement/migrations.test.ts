import { date, expression, guard, int, type Onceover, onceover, set, text } from 'onceover'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quoteIdentifier } from '../../src/postgres/identifier.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

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

const ODD_SCHEMA = "o'dd $onceover$"
// biome-ignore lint/suspicious/noTemplateCurlyInString: a name that a template would read
const ODD_TABLE = 'say "hi" ` ${x}'
const ODD_COLUMN = "it's ? \\ `a`"

const TABLES = `
  CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient_id int,
    is_cancelled boolean NOT NULL DEFAULT false, copy int NOT NULL DEFAULT 0, tags jsonb);
  CREATE SCHEMA ${quoteIdentifier(ODD_SCHEMA)};
  CREATE TABLE ${quoteIdentifier(ODD_SCHEMA)}.${quoteIdentifier(ODD_TABLE)} (id int PRIMARY KEY,
    ${quoteIdentifier(ODD_COLUMN)} text NOT NULL, "days; --" int[] NOT NULL, data jsonb);
  CREATE TABLE parted (id int, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`

const GUARDS = {
  plain: guard('plain', { table: 'visits', key: { day: date(), patient_id: int() } }),
  partial: guard('partial', {
    table: 'visits',
    key: { day: date(), patient_id: int() },
    where: 'NOT is_cancelled',
  }),
  copied: guard('copied', {
    table: 'visits',
    key: { day: date(), patient_id: int() },
    copies: 'copy',
  }),
  computed: guard('computed', {
    table: 'visits',
    key: { month: expression("date_trunc('month', day::timestamp)"), tags: set() },
  }),
  nullsEqual: guard('nulls equal', {
    table: 'visits',
    key: { day: date(), patient_id: int({ nulls: 'equal' }) },
  }),
  hostile: guard(`o'dd "\${x}" \\ ? \`g\``, {
    table: `${quoteIdentifier(ODD_SCHEMA)}.${quoteIdentifier(ODD_TABLE)}`,
    key: { [ODD_COLUMN]: text({ trim: true, fold: true }), 'days; --': set() },
    where: `${quoteIdentifier(ODD_COLUMN)} <> E'\\\\ \${x} \` ?' AND data ? 'a'`,
    index: `ix ' " \` \${x} \\ ?`,
  }),
  partitioned: guard('partitioned', { table: 'parted', key: { day: date() } }),
}

type Name = keyof typeof GUARDS
const NAMES = Object.keys(GUARDS) as Name[]

const isEnforced = async (name: Name) => (await once.inspect(GUARDS[name])).coverage.enforced

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

const prismaOf = async (name: Name) => (await once.migrations(GUARDS[name])).prisma

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
