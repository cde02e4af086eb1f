import { guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover
let version: number

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  const { rows } = await db.pool.query("SELECT current_setting('server_version_num')::int AS n")
  version = rows[0].n
  await db.pool.query(`
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE place AS (x numeric, y text, tags text[]);
    CREATE TYPE nested AS (at place, also place[]);
    CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no');
    CREATE DOMAIN spot AS place;
    CREATE TYPE spans AS RANGE (subtype = float8)`)
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

// Each with values that a journal in JSON, or in the text of another session, would not hold.
const TYPES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['numeric', "'NaN'", "'Infinity'", "'-Infinity'", '1.500', '1e100', '-0.0000000000000000001'],
  ['numeric(12,4)', '1.5'],
  ['real', "'NaN'", "'-0'", "'1.17549435e-38'", "'Infinity'"],
  ['double precision', "'NaN'", "'-0'", '0.1::float8 + 0.2', "'4.9e-324'"],
  ['bigint', '9223372036854775807', "'-9223372036854775808'"],
  ['money', "'-12.34'"],
  ['json', `'{"b":1,  "a":1.0, "a":2}'`, `'"\\u0000"'`, "'1e400'"],
  ['jsonb', `'{"b":1.10,"a":[null]}'`],
  ['xml', '\'<a  b="1"/>\'', '\'<?xml version="1.0"?><a/>\''],
  ['text', `E'\\n\\t\\\\ "x"'`, "''", "'日本 e\u0301'"],
  ['char(5)', "'a'"],
  ['varchar(3)', "'a  '"],
  ['"char"', "'x'"],
  ['name', "'n'"],
  ['bytea', "'\\x00ff10'", "''"],
  ['int[]', "'[0:2]={1,2,3}'", "'[2:3][-1:0]={{1,NULL},{3,4}}'", "'{}'"],
  ['text[]', `'{"a,b",NULL,"NULL",""}'`],
  ['place[]', "ARRAY[ROW('NaN', 'a\"b', '{x}')::place, NULL]"],
  ['nested', "ROW(ROW(1.0, NULL, '[5:5]={q}'), ARRAY[ROW(NULL, '', NULL)]::place[])"],
  ['spot', "ROW(2, 'in a domain', NULL)"],
  ['mood', "'glad'"],
  ['mood[]', "'{sad,glad}'"],
  ['short', "'abc'"],
  ['int4range', "'empty'", "'[1,5]'", "'(,)'"],
  ['nummultirange', "'{[1,2),(3.50,4]}'"],
  ['spans', "'(NaN,)'"],
  ['date', "'infinity'", "'4713-01-01 BC'"],
  ['time', "'24:00:00'"],
  ['timetz', "'12:00:00.123456+05:30'"],
  ['timestamp', "'-infinity'", "'2025-10-26 02:30:00.000001'"],
  ['timestamptz', "'2025-10-26 02:30:00+02'"],
  ['interval', "'1 mon -1 day 25:00:00.000001'", "'-0.5 s'"],
  ['interval hour to minute', "'3:25'"],
  ['bit(3)', "'101'"],
  ['varbit', "'1'", "''"],
  ['inet', "'10.0.0.1/8'", "'::1'"],
  ['cidr', "'10.0.0.0/8'"],
  ['macaddr8', "'08:00:2b:01:02:03:04:05'"],
  ['uuid', "'00000000-0000-4000-8000-000000000000'"],
  ['point', "'(1.1,-0)'"],
  ['path', "'[(0,0),(1,NaN)]'"],
  ['circle', "'<(1,2),3>'"],
  ['tsvector', "'a:1A b:2'"],
  ['tsquery', "'a & !b'"],
  ['jsonpath', "'$.a[*] ? (@ > 1)'"],
  ['pg_lsn', "'16/B374D848'"],
  ['xid8', "'18446744073709551615'"],
  ['regclass', "'pg_class'"],
  ['oid', '4294967295'],
]

const every = async (table: string): Promise<unknown[]> =>
  (
    await db.pool.query(`SELECT t::text AS text, encode(record_send(t), 'hex') AS bits
    FROM ${table} AS t ORDER BY 1`)
  ).rows

/** Repairs a table and undoes it, in sessions whose settings write values in other ways. */
async function roundTrip(table: string): Promise<void> {
  const pairs = guard(table, { table, key: { v: int() } })
  const before = await every(table)
  const settings = [
    ...['datestyle=SQL,DMY', 'intervalstyle=iso_8601', 'timezone=Asia/Tokyo', 'lc_monetary=C'],
    ...['extra_float_digits=-5', 'bytea_output=escape', 'xmlbinary=hex', 'xmloption=document'],
  ].map((setting) => `-c ${setting}`)
  const url = `${db.url}?options=${encodeURIComponent(settings.join(' '))}`
  const other = await onceover({ db: url })
  const plan = await other.planRepair(pairs)
  expect(await once.applyRepair(pairs, plan)).toMatchObject({ skipped: 0, left: { groups: 0 } })
  await other.undoRepair(plan.repair)
  await other.close()
  expect(await every(table)).toEqual(before)
}

describe('a row that was removed comes back bit for bit:', () => {
  test.each(TYPES)('%s', async (type, ...values) => {
    const rows = [...values, 'NULL'].flatMap((value, at) =>
      [0, 1].map((nth) => `(${2 * at + nth}, ${at}, ${value}::${type})`),
    )
    await db.pool.query(`DROP TABLE IF EXISTS pairs;
      CREATE TABLE pairs (id int PRIMARY KEY, v int, value ${type});
      INSERT INTO pairs VALUES ${rows.join(', ')}`)
    await roundTrip('pairs')
  })

  test('columns that are generated, numbered, dropped, or have a default', async () => {
    const virtual = version >= 180000 ? 'twice int GENERATED ALWAYS AS (v * 2) VIRTUAL,' : ''
    await db.pool.query(`CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int,
        gone int, more int GENERATED ALWAYS AS (v + 1) STORED, ${virtual}
        nth int GENERATED BY DEFAULT AS IDENTITY, "Odd ""name""" text DEFAULT 'd',
        at timestamptz DEFAULT now());
      INSERT INTO made (v) SELECT i / 3 FROM generate_series(0, 29) i;
      UPDATE made SET "Odd ""name""" = NULL, at = NULL WHERE id % 2 = 0;
      ALTER TABLE made DROP gone`)
    await roundTrip('made')
  })

  test('rows larger than a page', async () => {
    await db.pool.query(`CREATE TABLE large (id int PRIMARY KEY, v int, body text, raw bytea);
      INSERT INTO large SELECT i, i / 2, repeat(md5(i::text), 5000),
        decode(repeat('00', 100000), 'hex') FROM generate_series(0, 5) i`)
    await roundTrip('large')
  })

  test('of a partitioned table, into their partitions', async () => {
    await db.pool.query(`CREATE TABLE parts (id int, v int, d date, PRIMARY KEY (id, d))
        PARTITION BY RANGE (d);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('2025-06-01');
      CREATE TABLE parts_2 (d date NOT NULL, v int, id int NOT NULL);
      ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM ('2025-06-01') TO (MAXVALUE);
      INSERT INTO parts SELECT i, i / 4, '2025-01-01'::date + i * 10 FROM generate_series(0, 39) i`)
    await roundTrip('parts')
    const { rows } = await db.pool.query('SELECT count(*)::int AS n FROM parts_2')
    expect(rows[0].n).toBe(24)
  })

  test('with a primary key of several types, and of a child that is moved', async () => {
    await db.pool.query(`CREATE TABLE owners (a uuid, b timestamptz, v int, PRIMARY KEY (b, a));
      INSERT INTO owners SELECT gen_random_uuid(),
        '2025-01-01Z'::timestamptz + i * '1 us'::interval, i / 3 FROM generate_series(0, 29) i;
      CREATE TABLE things (n int PRIMARY KEY, owner uuid, since timestamptz,
        FOREIGN KEY (since, owner) REFERENCES owners);
      CREATE INDEX ON things (since, owner);
      INSERT INTO things SELECT row_number() OVER (), a, b FROM owners`)
    const things = await every('things')
    await roundTrip('owners')
    expect(await every('things')).toEqual(things)
  })
})
