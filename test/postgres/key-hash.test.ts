import fc from 'fast-check'
import {
  column,
  date,
  expression,
  guard,
  int,
  type KeyPart,
  type Onceover,
  onceover,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectHashes } from '../../src/claims/hashed/queries.ts'
import { inspect } from '../../src/guards/inspect.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { jsonInput, prepareRows } from '../../src/rows/prepare.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

// At length: ONCEOVER_HASH_RUNS=1000 npm test -- test/postgres/key-hash.test.ts
const RUNS = Number(process.env.ONCEOVER_HASH_RUNS ?? 3)

// Sessions that write dates, times, floats and bytes in as many ways as there are.
const SETTINGS = [
  '-c TimeZone=UTC -c DateStyle=ISO,YMD',
  '-c TimeZone=America/St_Johns -c DateStyle=German,DMY -c extra_float_digits=0',
  '-c TimeZone=Asia/Kathmandu -c DateStyle=SQL,MDY -c bytea_output=escape',
]

let database: TestDatabase
let once: Onceover
let pools: pg.Pool[]
let sessions: Database[]
beforeAll(async () => {
  database = await testDatabase()
  once = await onceover({ db: database.pool })
  await database.pool.query(`CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('ok', 'bad')`)
  pools = SETTINGS.map(
    (options) => new pg.Pool({ connectionString: database.url, options, max: 1 }),
  )
  sessions = pools.map((pool) => openDatabase(pool))
})
afterAll(async () => {
  await once.close()
  await Promise.all(pools.map((pool) => pool.end()))
  await database.drop()
})

const instants = fc.constantFrom(
  '2025-03-30T01:30:00Z',
  '2025-03-30T02:30:00+01:00',
  '2025-03-30T07:15:00+05:45',
  '2025-10-26T00:30:00.000001Z',
  '2025-10-26T00:30:00Z',
  '1899-12-31T23:00:00Z',
  '9999-12-31T23:59:59.999999Z',
)

const words = fc.oneof(
  fc.constantFrom(
    'a',
    'A',
    ' a',
    'a ',
    'é',
    'e\u0301',
    'ß',
    'SS',
    'İ',
    'ı',
    'Σ',
    'ς',
    'ab',
    '',
    'x|y',
  ),
  fc.string({ maxLength: 3 }).filter((each) => !each.includes('\0') && each.isWellFormed()),
)

const small = fc.integer({ min: -3, max: 3 })

interface Case {
  readonly title: string
  readonly type: string
  readonly part: KeyPart
  readonly values: fc.Arbitrary<unknown>
}

const CASES: readonly Case[] = [
  { title: 'smallint', type: 'smallint', part: int(), values: small },
  { title: 'int', type: 'int', part: int(), values: small },
  {
    title: 'bigint',
    type: 'bigint',
    part: int(),
    values: fc.oneof(small, fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 1n)),
  },
  { title: 'text', type: 'text', part: text(), values: words },
  { title: 'trimmed text', type: 'text', part: text({ trim: true }), values: words },
  { title: 'folded text', type: 'text', part: text({ fold: true }), values: words },
  {
    title: 'trimmed and folded text that may be NULL',
    type: 'text',
    part: text({ trim: true, fold: true, nulls: 'equal' }),
    values: fc.oneof(words, fc.constant(null)),
  },
  { title: 'citext', type: 'citext', part: text(), values: words },
  {
    title: 'citext of another collation',
    type: 'citext COLLATE "C"',
    part: text(),
    values: words,
  },
  {
    title: 'char(3)',
    type: 'char(3)',
    part: text(),
    values: words.filter((each) => each.length < 3),
  },
  {
    title: 'an enum',
    type: 'mood',
    part: oneOf('ok', 'bad'),
    values: fc.constantFrom('ok', 'bad'),
  },
  {
    title: 'date',
    type: 'date',
    part: date(),
    values: fc.constantFrom('2025-01-02', '2025-02-01', '0001-01-01', '9999-12-31'),
  },
  {
    title: 'time',
    type: 'time',
    part: time(),
    values: fc.constantFrom('20:00', '20:00:00', '20:00:00.000001', '08:00'),
  },
  {
    title: 'timestamp',
    type: 'timestamp',
    part: timestamp(),
    values: fc.constantFrom('2025-01-02T03:04:05', '2025-01-02 03:04:05.0', '2025-02-01T03:04:05'),
  },
  { title: 'timestamptz', type: 'timestamptz', part: timestamp(), values: instants },
  {
    title: 'uuid',
    type: 'uuid',
    part: uuid({ nulls: 'equal' }),
    values: fc.constantFrom(
      null,
      '00000000-0000-0000-0000-00000000000a',
      '00000000-0000-0000-0000-00000000000A',
      'ffffffff-0000-0000-0000-00000000000a',
    ),
  },
  {
    title: 'numeric',
    type: 'numeric',
    part: column(),
    values: fc.constantFrom('1', '1.0', '1.00', '10', '1e1', '0', '-0', '0.000', '1.000000000001'),
  },
  {
    title: 'double precision',
    type: 'float8',
    part: column(),
    values: fc.constantFrom(0, -0, 1, 0.1, 0.1 + 0.2, 0.3, 1e300),
  },
  { title: 'boolean', type: 'boolean', part: column(), values: fc.boolean() },
  {
    title: 'bytea',
    type: 'bytea',
    part: column(),
    values: fc.constantFrom('\\x00', '\\x0000', '\\x5c', '\\x'),
  },
  {
    title: 'a set of numbers',
    type: 'int[]',
    part: set(),
    values: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  },
  {
    title: 'a set of texts',
    type: 'text[]',
    part: set(),
    values: fc.array(fc.constantFrom('a', 'A', 'a,b', '{', '"', 'NULL', ''), { maxLength: 3 }),
  },
  {
    title: 'a set of dates',
    type: 'date[]',
    part: set(),
    values: fc.array(fc.constantFrom('2025-01-02', '2025-02-01'), { maxLength: 3 }),
  },
  {
    title: 'a set of numerics',
    type: 'numeric[]',
    part: set(),
    values: fc.array(fc.constantFrom(1, 2.5, 2, 1e10, 0), { maxLength: 3 }),
  },
  {
    title: 'a set of doubles',
    type: 'float8[]',
    part: set(),
    values: fc.array(fc.constantFrom(0.1, 0.30000000000000004, 0.3, -0, 0), { maxLength: 3 }),
  },
  {
    title: 'a range of instants',
    type: 'tstzrange',
    part: column(),
    values: fc.constantFrom(
      'empty',
      '[2025-03-30T01:30:00Z,2025-03-30T02:30:00Z)',
      '[2025-03-30T02:30:00+01:00,2025-03-30T02:30:00Z)',
      '[2025-03-30T01:30:00Z,)',
    ),
  },
  {
    title: 'a set of instants',
    type: 'timestamptz[]',
    part: set(),
    values: fc.array(instants, { maxLength: 2 }),
  },
]

let tables = 0

async function keyed(type: string, parts: Record<string, KeyPart>) {
  const table = `hashed_${++tables}`
  await database.pool.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v ${type}, w ${type})`)
  const made = guard(table, { table, key: parts })
  await once.enforce(made)
  return made
}

/** For each row the place of the first that PostgreSQL finds equal. */
async function classes(of: Awaited<ReturnType<typeof keyed>>, rows: readonly object[]) {
  const { verdicts } = await once.preview(of, rows as never)
  return verdicts.map(({ verdict, firstIndex, index, reason }) => {
    expect([verdict, reason]).toEqual([verdict === 'collided' ? verdict : 'created', reason])
    return firstIndex ?? index
  })
}

/** The hash of each row's key, each row alone, in a session of whatever settings. */
async function hashes(of: Awaited<ReturnType<typeof keyed>>, rows: readonly object[]) {
  const found: string[] = []
  for (const [place, row] of rows.entries()) {
    const { session } = sessions[place % sessions.length] as Database
    const inspection = await inspect(session, of)
    const { rows: prepared } = prepareRows(inspection, [row])
    const [line] = await session.query<{ hash: string }>(
      selectHashes(inspection, jsonInput(inspection, prepared)),
    )
    found.push(line?.hash ?? 'none')
  }
  return found
}

const firsts = (values: readonly string[]) => values.map((value) => values.indexOf(value))

test.each(CASES.map((each) => [each.title, each] as const))(
  'keys of %s have the same hash if and only if they are equal, in any session',
  async (_, { type, part, values }) => {
    const of = await keyed(type, { v: part })
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 2, maxLength: 9 }), async (list) => {
        const rows = list.map((v) => ({ v }))
        expect(firsts(await hashes(of, rows))).toEqual(await classes(of, rows))
      }),
      { numRuns: RUNS },
    )
  },
)

test('an expression is hashed by its value', async () => {
  const of = await keyed('text', { first: expression('lower(v)'), second: expression('length(w)') })
  const rows = [
    { v: 'A', w: 'xx' },
    { v: 'a', w: 'yy' },
    { v: 'a', w: 'y' },
  ]
  expect(firsts(await hashes(of, rows))).toEqual([0, 0, 2])
})

test('no two keys of several parts run into each other', async () => {
  const of = await keyed('text', { v: text({ nulls: 'equal' }), w: text({ nulls: 'equal' }) })
  const part = fc.constantFrom('', 'a', 'ab', 'b', '\u0001', null)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ v: part, w: part }), { maxLength: 9 }), async (rows) => {
      expect(firsts(await hashes(of, rows))).toEqual(await classes(of, rows))
    }),
    { numRuns: RUNS },
  )
})

test('a column that grows keeps the hashes of its keys', async () => {
  const grown: [string, string, KeyPart, unknown][] = [
    ['smallint', 'bigint', int(), 7],
    ['int', 'bigint', int(), -7],
    ['varchar(3)', 'text', text(), 'abc'],
    ['char(5)', 'text', text(), 'abc'],
    ['real', 'float8', column(), 0.5],
  ]
  for (const [from, to, part, v] of grown) {
    const [before] = await hashes(await keyed(from, { v: part }), [{ v }])
    const [after] = await hashes(await keyed(to, { v: part }), [{ v }])
    expect(after).toBe(before)
  }
})
