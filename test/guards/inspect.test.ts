import {
  column,
  date,
  expression,
  type Guard,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  OnceoverError,
  onceover,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(`
    CREATE EXTENSION citext;
    CREATE TYPE state AS ENUM ('OPEN', 'CLOSED');
    CREATE DOMAIN plain_state AS state;
    CREATE DOMAIN whole AS int CHECK (value > 0);
    CREATE DOMAIN positive AS whole NOT NULL;
    CREATE DOMAIN short AS varchar(5);
    CREATE DOMAIN numbers AS int[];
    CREATE DOMAIN moment AS timestamp(3);
    CREATE TABLE visits (
      id int PRIMARY KEY, day date, start time, at timestamptz, local timestamp, room int,
      person uuid, name text, mail citext, code char(3), days int[], tags jsonb, raw json,
      place point, tx xid, page xml, amount numeric(12,2), ratio float8, status state,
      plain plain_state, count positive, nick short, list numbers, seen moment,
      copy_number int NOT NULL DEFAULT 0,
      nullable_copy int, flag boolean, "Camel Case" text,
      twice int GENERATED ALWAYS AS (room * 2) STORED);
    CREATE VIEW visits_view AS SELECT * FROM visits;
    CREATE MATERIALIZED VIEW visits_kept AS SELECT id FROM visits;
    CREATE FOREIGN DATA WRAPPER nothing;
    CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
    CREATE FOREIGN TABLE visits_abroad (id int) SERVER nowhere;
    CREATE TABLE keyless (a int);
    CREATE SEQUENCE visit_numbers;
    CREATE TABLE notes (id int PRIMARY KEY, visit_id int, other_id int);
    CREATE SCHEMA school;
    CREATE TABLE school."User" ("Id" int PRIMARY KEY, "eMail" text);
    CREATE TABLE "User" (id int PRIMARY KEY, other text);
    CREATE TABLE "dotted.name" (id int PRIMARY KEY, a int)`)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

type Options = Partial<GuardOptions<KeyParts>>

const onVisits = (options: Options): Guard =>
  guard('g', { table: 'visits', key: { day: date() }, ...options })

async function refusal(options: Options): Promise<OnceoverError> {
  const inspection = once.inspect(onVisits(options))
  return inspection.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => {
      if (error instanceof OnceoverError) return error
      throw error
    },
  )
}

describe('a guard is refused', () => {
  test.each<[what: string, options: Options, code: string, says: RegExp]>([
    ['on nothing', { table: 'nothing' }, 'TABLE_NOT_FOUND', /no table nothing/],
    ['on an index', { table: 'visits_pkey' }, 'TABLE_NOT_FOUND', /no table/],
    ['on a sequence', { table: 'visit_numbers' }, 'TABLE_NOT_FOUND', /no table/],
    ['in no schema', { table: 'nowhere.visits' }, 'TABLE_NOT_FOUND', /There is public.visits/],
    [
      'in no schema but its name',
      { table: 'dotted.name' },
      'TABLE_NOT_FOUND',
      /'public."dotted.name"'/,
    ],
    ['in other capitals', { table: 'user' }, 'TABLE_NOT_FOUND', /school\."User"/],
    ['on a view', { table: 'visits_view' }, 'TABLE_UNSUPPORTED', /is a view/],
    ['on a kept view', { table: 'visits_kept' }, 'TABLE_UNSUPPORTED', /is a materialized view/],
    ['on a foreign table', { table: 'visits_abroad' }, 'TABLE_UNSUPPORTED', /a foreign table/],
    ['on a table without primary key', { table: 'keyless' }, 'TABLE_WITHOUT_PRIMARY_KEY', /ALTER/],
    ['with a part that is none', { key: { dya: date() } }, 'COLUMN_NOT_FOUND', /dya.*id, day, /],
    ['with a part of the system', { key: { ctid: column() } }, 'COLUMN_NOT_FOUND', /ctid/],
    ['with capitals astray', { key: { 'camel case': text() } }, 'COLUMN_NOT_FOUND', /Camel Case/],
    ['with a shown column that is none', { show: ['stauts'] }, 'COLUMN_NOT_FOUND', /stauts/],
    [
      'with an entity that is none',
      { matrix: { entity: 'pupil', period: 'day' } },
      'COLUMN_NOT_FOUND',
      /pupil/,
    ],
    ['with copies that are none', { copies: 'nr' }, 'COLUMN_NOT_FOUND', /nr/],
    ['with losers set to none', { losers: { set: { stat: 1 } } }, 'COLUMN_NOT_FOUND', /stat/],
    ['with a date as time', { key: { day: time() } }, 'COLUMN_TYPE_MISMATCH', /as date\(\)/],
    ['with a timestamp as date', { key: { at: date() } }, 'COLUMN_TYPE_MISMATCH', /timestamp\(\)/],
    ['with a text as uuid', { key: { name: uuid() } }, 'COLUMN_TYPE_MISMATCH', /as text\(\)/],
    ['with an enum as text', { key: { status: text() } }, 'COLUMN_TYPE_MISMATCH', /as oneOf/],
    ['with an array as text', { key: { days: text() } }, 'COLUMN_TYPE_MISMATCH', /as set\(\)/],
    ['with a text as set', { key: { name: set() } }, 'COLUMN_TYPE_MISMATCH', /as text\(\)/],
    ['with numeric as int', { key: { amount: int() } }, 'COLUMN_TYPE_MISMATCH', /as column\(\)/],
    ['with a flag as int', { key: { flag: int() } }, 'COLUMN_TYPE_MISMATCH', /as column\(\)/],
    ['with copies of text', { copies: 'name' }, 'COLUMN_TYPE_MISMATCH', /NOT NULL DEFAULT 0/],
    ['with copies that may be NULL', { copies: 'nullable_copy' }, 'COLUMN_TYPE_MISMATCH', /NULL/],
    [
      'on json',
      { key: { raw: column() } },
      'KEY_NOT_COMPARABLE',
      /Declare raw as expression\('"raw"::jsonb'\).*1 and 1\.0 are equal/,
    ],
    [
      'on a piece of json',
      { key: { a: expression("raw -> 'a'") } },
      'KEY_NOT_COMPARABLE',
      /Declare a as expression\("\(raw -> 'a'\)::jsonb"\)/,
    ],
    [
      'with an overlap of no column of the key',
      { overlap: 'int4range(room, room + 1)' },
      'GUARD_INVALID',
      /`overlap` of the guard g reads no column of its key/,
    ],
    ['on xml', { key: { page: column() } }, 'KEY_NOT_COMPARABLE', /xml/],
    ['on a point', { key: { place: column() } }, 'KEY_NOT_COMPARABLE', /point/],
    ['on what has equality and no order', { key: { tx: column() } }, 'KEY_NOT_COMPARABLE', /xid/],
    [
      'on json by expression',
      { key: { j: expression('to_json(room)') } },
      'KEY_NOT_COMPARABLE',
      /j/,
    ],
    [
      'with children of no table',
      { children: [{ table: 'note', columns: ['visit_id'] }] },
      'TABLE_NOT_FOUND',
      /note/,
    ],
    [
      'with children by no column',
      { children: [{ table: 'notes', columns: ['visit'] }] },
      'COLUMN_NOT_FOUND',
      /visit, which is no column of notes/,
    ],
    [
      'with children by too many columns',
      { children: [{ table: 'notes', columns: ['visit_id', 'other_id'] }] },
      'GUARD_INVALID',
      /2 columns of notes for the 1/,
    ],
  ])('%s', async (_, options, code, says) => {
    const error = await refusal(options)
    expect(error.code).toBe(code)
    expect(`${error.message} ${error.fix}`).toMatch(says)
  })
})

describe('SQL of a guard is refused', () => {
  const clause = (sql: string): [string, Options][] => [
    ['where', { where: sql }],
    ['unfinished', { unfinished: sql }],
    ['an expression', { key: { day: date(), e: expression(`(${sql})`) } }],
  ]
  const wrong: readonly [why: string, sql: string, says: RegExp][] = [
    ['that does not parse', 'room = = 1', /syntax error/],
    ['that is cut short', 'room =', /syntax error/],
    ['that names no column', 'rom = 1', /rom/],
    ['that names no function', 'nothing(room) = 1', /nothing/],
    ['that compares what cannot be', "day = 'x'", /date/],
    ['with an aggregate', 'count(*) > 1', /aggregate/],
    ['with a window', 'row_number() OVER () > 1', /window/],
    ['with several values', 'generate_series(1, room) = 1', /set-returning/],
    ['with a parameter', 'room = $1', /parameter/],
    ['that divides by nothing', '1 / 0 = 1', /division by zero/],
    ['with random()', 'random() < 0.5', /volatile/],
    ['with the clock', 'at < clock_timestamp()', /volatile/],
  ]
  const all = wrong.flatMap(([why, sql, says]) =>
    clause(sql).map(([where, options]) => [`${why}, in ${where}`, options, says] as const),
  )
  test.each(all)('%s', async (_, options, says) => {
    const error = await refusal(options)
    expect(error).toMatchObject({ code: 'EXPRESSION_INVALID', exitCode: 1 })
    expect(error.message).toMatch(says)
  })

  test.each<[why: string, options: Options, says: RegExp]>([
    ['where it is no condition', { where: 'room' }, /boolean/],
    ['where it is no range', { overlap: 'day' }, /range_merge\(date, date\)/],
    ['where it is several ranges', { overlap: 'datemultirange(daterange(day, day))' }, /multi/],
    ['where its range is of no column', { overlap: 'daterange(day, dya)' }, /dya/],
    [
      'where its range is volatile',
      { overlap: 'tsrange(day, clock_timestamp()::timestamp)' },
      /vol/,
    ],
    ['where its order is no order', { keep: ['id ascending'] }, /syntax error/],
    ['where it orders by no column', { keep: ['created_at'] }, /created_at/],
    ['where it orders by what has no order', { keep: ['raw'] }, /ordering operator/],
  ])('%s', async (_, options, says) => {
    const error = await refusal(options)
    expect(error.code).toBe('EXPRESSION_INVALID')
    expect(error.message).toMatch(says)
  })
})

describe('a guard may be', () => {
  test.each<[what: string, options: Options]>([
    ['on a domain', { key: { count: int() } }],
    ['on a domain of a domain of an enum', { key: { plain: oneOf('OPEN') } }],
    ['on a domain of varchar', { key: { nick: text() } }],
    ['on a domain of an array', { key: { list: set() } }],
    ['on a domain of a timestamp', { key: { seen: timestamp() } }],
    ['on citext and char', { key: { mail: text(), code: text() } }],
    ['on a generated column', { key: { twice: int() } }],
    ['on a generated column as an expression', { key: { double: expression('twice') } }],
    ['on names that need quotes', { key: { 'Camel Case': text() } }],
    [
      'of several expressions',
      { key: { a: expression('room + 1'), b: expression('lower(name)') } },
    ],
    ['of the time of the transaction, to look', { where: "at > now() - interval '1 day'" }],
    ['on a table with a dot', { table: '"dotted.name"', key: { a: int() } }],
    ['with children', { children: [{ table: 'notes', columns: ['visit_id'] }] }],
    ['with copies', { copies: 'copy_number' }],
    ['with ranges', { overlap: "daterange(day, day, '[]')" }],
    ['with losers set', { losers: { set: { name: 'x' } } }],
  ])('%s', async (_, options) => {
    await expect(once.inspect(onVisits(options))).resolves.toMatchObject({
      parts: [{}, {}].slice(0, Object.keys(options.key ?? { day: 1 }).length),
    })
  })

  test('on the one of two tables of the same name that its schema says', async () => {
    const here = await once.inspect(onVisits({ table: 'User', key: { other: text() } }))
    const there = await once.inspect(onVisits({ table: 'school.User', key: { eMail: text() } }))
    expect(here.table.quoted).toBe('"public"."User"')
    expect(there.table.quoted).toBe('"school"."User"')
  })
})

test('names may have quotes, in the catalogue and in what is made of it', async () => {
  await db.pool.query(
    String.raw`CREATE TABLE "it's ""odd\""" (
      "id'""s" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a'""b\" text, "c;--" int)`,
  )
  const folded = String.raw`a'"b\ `.trim()
  const odd: Guard = guard(`it's "odd"`, {
    table: String.raw`"it's ""odd\"""`,
    key: { [folded]: text({ fold: true }), 'c;--': int() },
    show: ['c;--'],
    keep: ['"c;--" desc'],
    index: String.raw`ux "o'dd\ `,
  })
  expect(await once.enforce(odd)).toMatchObject({ created: true, index: odd.index })
  const rows = [{ [folded]: 'x', 'c;--': 1 }]
  expect(await once.insert(odd, rows)).toMatchObject({ totals: { created: 1 } })
  const [report] = await once.scan(odd)
  expect(report).toMatchObject({ rows: 1, findings: [] })
  const { table } = await once.inspect(odd)
  const { rows: next } = await db.pool.query(`SELECT ${table.primaryKey[0]?.default} AS id`)
  expect(next).toEqual([{ id: '2' }])
})

test('the type of a part is that under its domains; that of an expression is found', async () => {
  const key = {
    count: int(),
    nick: text(),
    seen: timestamp(),
    sum: expression('room::bigint + 1'),
    day: date(),
    half: expression('ratio / 2'),
  }
  const { parts } = await once.inspect(onVisits({ key }))
  const types = ['int4', 'varchar', 'timestamp', 'int8', 'date', 'float8']
  expect(parts.map(({ base }) => base)).toEqual(types)
  expect(parts[0]?.column).toMatchObject({ notNull: true, type: 'positive' })
  expect(parts[2]?.column?.secondDigits).toBe(3)
})

test('a refused guard leaves the transaction of the caller as it was', async () => {
  await once.transaction(async (handle) => {
    await handle.query('CREATE TEMPORARY TABLE kept (a int)')
    const rows = [{ day: '2025-10-23' }]
    const insert = once.insert(onVisits({ where: 'nothing = 1' }), rows, { handle })
    await expect(insert).rejects.toThrow(expect.objectContaining({ code: 'EXPRESSION_INVALID' }))
    await handle.query('SELECT * FROM kept')
  })
})
