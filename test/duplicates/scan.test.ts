import {
  column,
  date,
  expression,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  onceover,
  oneOf,
  type ScanReport,
  set,
  text,
  timestamp,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(`
    CREATE TABLE visits (
      id int PRIMARY KEY, day date, room int, name text, status text NOT NULL, at timestamptz,
      done boolean NOT NULL, big bigint, tags int[], doc jsonb, ratio float8);
    INSERT INTO visits
    SELECT i, CASE WHEN i % 97 <> 0 THEN date '2025-01-01' + i % 40 END,
      CASE WHEN i % 89 <> 0 THEN i % 30 END,
      CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN 'unknown' WHEN 2 THEN ' Ana' WHEN 3 THEN 'ANA'
        WHEN 4 THEN E'Zoe\\u0308' WHEN 5 THEN E'Zo\\u00EB' ELSE 'name ' || i % 50 END,
      (ARRAY['OPEN', 'CLOSED', 'LOST'])[1 + i % 3],
      timestamptz '2025-01-01 00:00Z' + i * '1 s'::interval,
      i % 5 <> 0, 9007199254740993 + i % 3, ARRAY[i % 3, i % 2],
      jsonb_build_array(i % 2, i % 3), 0.1 * (i % 4)
    FROM generate_series(1, 3000) AS i`)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

type Options = Partial<GuardOptions<KeyParts>>

async function scanned(options: Options = {}): Promise<ScanReport> {
  const key = { day: date(), room: int() }
  const [report] = await once.scan(guard('visits', { table: 'visits', key, ...options }))
  if (!report) throw new Error('nothing was reported')
  return report
}

/** One row of plain SQL, written for one test. */
async function plain(sql: string): Promise<Record<string, unknown>> {
  const { rows } = await db.pool.query(sql)
  return rows[0]
}

const groupsOf = (key: string, condition = 'true') =>
  plain(`SELECT count(*)::int AS groups, coalesce(sum(n - 1), 0)::int AS excess FROM
    (SELECT count(*) AS n FROM visits WHERE ${condition} GROUP BY ${key} HAVING count(*) > 1) AS g`)

const WHOLE = 'day IS NOT NULL AND room IS NOT NULL'

describe('rows and groups are those of plain SQL', () => {
  test.each<[where: string | undefined]>([[undefined], ["status <> 'LOST'"], ['room > 3 OR done']])(
    'where %s',
    async (where) => {
      const report = await scanned(where === undefined ? {} : { where })
      const condition = `(${where ?? 'true'})`
      const { n } = await plain(`SELECT count(*)::int AS n FROM visits WHERE ${condition}`)
      const equal = await groupsOf('day, room', condition)
      const distinct = await groupsOf('day, room', `${condition} AND ${WHOLE}`)
      expect(report.rows).toBe(n)
      expect(report.duplicates).toMatchObject(distinct)
      expect(report.nulls).toEqual({
        equal,
        distinct,
        gapExcess: Number(equal.excess) - Number(distinct.excess),
      })
    },
  )

  test('with NULLs that are equal, NULLs form groups', async () => {
    const report = await scanned({ key: { day: date({ nulls: 'equal' }), room: int() } })
    expect(report.duplicates).toMatchObject(await groupsOf('day, room'))
    expect(report.duplicates.largest).toHaveLength(10)
    expect(report.findings.map(({ code }) => code)).toContain('null_parts')
  })

  test('with NULLs that are distinct, NULLs are no finding', async () => {
    const nulls = 'distinct'
    const report = await scanned({ key: { day: date({ nulls }), room: int({ nulls }) } })
    expect(report.duplicates).toMatchObject(await groupsOf('day, room', WHOLE))
    expect(report.parts.map((part) => part.nulls)).toEqual([30, 33])
    expect(report.findings.map(({ code }) => code)).not.toContain('null_parts')
  })

  test('of a key of one NULL part, all of whose rows are one group', async () => {
    await db.pool.query('CREATE TABLE blank (id int PRIMARY KEY, a int, b int)')
    await db.pool.query('INSERT INTO blank SELECT i FROM generate_series(1, 20) AS i')
    const nulls = 'equal'
    const key = { a: int({ nulls }), b: int({ nulls }) }
    const [report] = await once.scan(guard('blank', { table: 'blank', key }))
    expect(report?.duplicates).toMatchObject({
      groups: 1,
      excess: 19,
      largest: [{ key: { a: null, b: null }, rows: 20, keeper: { id: '1' } }],
    })
  })
})

describe('the largest groups', () => {
  test('are ten, with the keeper and five losers, by the order to keep', async () => {
    const report = await scanned({ keep: ['status asc', 'at desc'], show: ['status'] })
    const { rows } = await db.pool.query(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, room, count(*)::int AS n,
        array_agg(id::text ORDER BY status, at DESC) AS ids,
        array_agg(status ORDER BY status, at DESC) AS states
       FROM visits WHERE ${WHOLE} GROUP BY visits.day, room HAVING count(*) > 1
       ORDER BY n DESC, visits.day, room LIMIT 10`,
    )
    expect(report.duplicates.largest).toEqual(
      rows.map(({ day, room, n, ids, states }) => {
        const members = ids.map((id: string, at: number) => ({ id, status: states[at] }))
        return { key: { day, room }, rows: n, keeper: members[0], losers: members.slice(1, 6) }
      }),
    )
    expect(report.duplicates.groups).toBeGreaterThan(10)
    expect(report.duplicates.largest[0]?.rows).toBeGreaterThan(6)
  })

  test('keep the lowest primary key where the order to keep ties', async () => {
    const [group] = (await scanned({ keep: ['done desc'] })).duplicates.largest
    const { rows } = await db.pool.query<{ id: string }>(
      `SELECT id::text FROM visits WHERE day = $1 AND room = $2
       ORDER BY done DESC, visits.id LIMIT 6`,
      [group?.key.day, group?.key.room],
    )
    expect([group?.keeper, ...(group?.losers ?? [])]).toEqual(rows)
  })

  test('show values exactly, whatever the settings of the session', async () => {
    await db.pool.query(
      'CREATE TABLE exact (id bigint PRIMARY KEY, v bigint, at timestamptz, d date)',
    )
    await db.pool.query(`INSERT INTO exact SELECT 9007199254740993 + i, 9007199254740993,
      '2025-10-26 02:30+02', '2025-10-26' FROM generate_series(0, 2, 2) AS i`)
    const exact = guard('exact', {
      table: 'exact',
      key: { v: int(), at: timestamp(), sum: expression('v + 2') },
      show: ['at', 'd'],
    })
    const report = await once.transaction(async (handle) => {
      await handle.query("SET LOCAL timezone = 'Asia/Kolkata'; SET LOCAL datestyle = 'German'")
      const inner = await onceover({ db: handle })
      return (await inner.scan(exact))[0]
    })
    const shown = { at: '2025-10-26T00:30:00Z', d: '2025-10-26' }
    expect(report?.duplicates.largest).toEqual([
      {
        key: { v: '9007199254740993', at: '2025-10-26T00:30:00Z', sum: '9007199254740995' },
        rows: 2,
        keeper: { id: '9007199254740993', ...shown },
        losers: [{ id: '9007199254740995', ...shown }],
      },
    ])
  })
})

describe('what a part is told of', () => {
  test('NULLs, forbidden and unlisted values are counted', async () => {
    const forbid = ['unknown', 'nothing', "it's", 'a\\b']
    const key = { name: text({ trim: true, forbid }), status: oneOf('OPEN', 'CLOSED') }
    const report = await scanned({ key })
    const figures = await plain(`SELECT count(*) FILTER (WHERE name IS NULL)::int AS nulls,
      count(*) FILTER (WHERE name = 'unknown')::int AS unknown,
      count(*) FILTER (WHERE status = 'LOST')::int AS lost FROM visits`)
    expect(report.parts).toMatchObject([
      {
        name: 'name',
        nulls: figures.nulls,
        forbidden: [{ value: 'unknown', rows: figures.unknown }],
      },
      { name: 'status', nulls: 0, forbidden: [], unlisted: figures.lost },
    ])
    const codes = report.findings.map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining(['forbidden_values', 'unlisted_values']))
  })

  test('more forbidden values than a function has arguments', async () => {
    const forbid = Array.from({ length: 200 }, (_, n) => `name ${n}`)
    const { parts } = await scanned({ key: { name: text({ forbid }) } })
    expect(parts[0]?.forbidden.reduce((sum, { rows }) => sum + rows, 0)).toBe(
      (await plain("SELECT count(*)::int AS n FROM visits WHERE name LIKE 'name %'")).n,
    )
  })

  test('a forbidden value counts in each of its spellings', async () => {
    const { parts } = await scanned({
      key: { name: text({ fold: true, trim: true, forbid: ['Ana'] }) },
    })
    expect(parts[0]?.forbidden).toEqual([
      {
        value: 'Ana',
        rows: (await plain("SELECT count(*)::int AS n FROM visits WHERE name ILIKE '%ana'")).n,
      },
    ])
  })

  test('unfinished rows are those inside where', async () => {
    const report = await scanned({ where: "status = 'OPEN'", unfinished: 'NOT done OR room = 1' })
    const { n } = await plain(`SELECT count(*)::int AS n FROM visits
      WHERE status = 'OPEN' AND (NOT done OR room = 1)`)
    expect(report.unfinished).toBe(n)
  })

  test('a floating-point number is warned of, as a column and as an expression', async () => {
    const key = { ratio: column(), half: expression('ratio / 2'), day: date() }
    const { findings } = await scanned({ key })
    const floats = findings.filter(({ code }) => code === 'float_key')
    expect(floats.map(({ message }) => message.split(' ')[0])).toEqual(['ratio', 'half'])
  })
})

describe('spellings that hide duplicates', () => {
  test('of case, white space and Unicode form are found', async () => {
    const report = await scanned({ key: { name: text() } })
    // " Ana" and "ANA"; "Zoe" with a combining and with a composed diaeresis.
    expect(report.hidden).toEqual({ groups: 2, excess: 2 })
    const { n } = await plain(
      "SELECT count(*)::int AS n FROM visits WHERE name IN (' Ana', 'ANA') OR name LIKE 'Zo%'",
    )
    expect(report.parts[0]?.nonCanonical).toBe(n)
    expect(report.findings.map(({ code }) => code)).toContain('hidden_duplicates')
  })

  test('are none where the part is trimmed and folded: they are duplicates then', async () => {
    const report = await scanned({ key: { name: text({ trim: true, fold: true }) } })
    expect(report.hidden).toEqual({ groups: 0, excess: 0 })
    expect(report.duplicates).toMatchObject(
      await groupsOf('lower(normalize(btrim(name)))', 'name IS NOT NULL'),
    )
  })

  test('of the order of an array and of a document are found', async () => {
    for (const name of ['tags', 'doc']) {
      const one = await scanned({ key: { [name]: column() } })
      const { stored, sets } = await plain(`SELECT count(DISTINCT ${name})::int AS stored,
        count(DISTINCT
          CASE WHEN i = j THEN ARRAY[i] ELSE ARRAY[least(i, j), greatest(i, j)] END)::int AS sets
        FROM (SELECT ${name}, id % 3 AS i, id % 2 AS j FROM visits) AS v`)
      expect(one.hidden.excess).toBe(Number(stored) - Number(sets))
      expect(one.hidden.excess).toBeGreaterThan(0)
      const asSet = await scanned({ key: { [name]: set() } })
      expect(asSet.duplicates).toMatchObject({ groups: sets, excess: 3000 - Number(sets) })
      expect(asSet.hidden).toEqual({ groups: 0, excess: 0 })
    }
  })

  test('are counted beside copies, which are of one number', async () => {
    await db.pool.query(`CREATE TABLE spelled (id serial PRIMARY KEY, v text, nr int NOT NULL);
      INSERT INTO spelled (v, nr)
      VALUES ('a', 0), ('A', 0), ('A ', 0), ('a', 1), ('b', 1), ('b', 1)`)
    const key = { v: text() }
    const [report] = await once.scan(guard('s', { table: 'spelled', key, copies: 'nr' }))
    expect(report).toMatchObject({
      duplicates: { groups: 1, excess: 1 },
      hidden: { groups: 1, excess: 2 },
    })
  })

  test('are none in a column that finds texts of either case equal', async () => {
    await db.pool.query(`CREATE EXTENSION citext;
      CREATE TABLE caseless (id serial PRIMARY KEY, v citext);
      INSERT INTO caseless (v) VALUES ('Ana'), ('ANA'), (' ana'), ('Bo')`)
    const [report] = await once.scan(guard('c', { table: 'caseless', key: { v: text() } }))
    expect(report).toMatchObject({
      duplicates: { groups: 1, excess: 1 },
      hidden: { groups: 1, excess: 1 },
      parts: [{ nonCanonical: 1 }],
    })
  })
})

test('an empty table has nothing to tell', async () => {
  await db.pool.query('CREATE TABLE empty (id int PRIMARY KEY, v int)')
  const [report] = await once.scan(guard('empty', { table: 'empty', key: { v: int() } }))
  expect(report).toMatchObject({
    rows: 0,
    duplicates: { groups: 0, excess: 0, largest: [] },
    nulls: { gapExcess: 0 },
  })
  expect(report?.findings.map(({ code }) => code)).toEqual(['not_enforced'])
})

test('allowed copies are no duplicates; two of the same number are', async () => {
  await db.pool.query(`CREATE TABLE copied (id int PRIMARY KEY, v int, nr int NOT NULL DEFAULT 0);
    INSERT INTO copied VALUES (1, 7, 0), (2, 7, 1), (3, 7, 1), (4, 8, 0)`)
  const copied = guard('copied', { table: 'copied', key: { v: int() }, copies: 'nr' })
  const [report] = await once.scan(copied)
  expect(report?.duplicates).toEqual({
    groups: 1,
    excess: 1,
    largest: [
      { key: { v: 7 }, rows: 2, keeper: { id: '2', nr: '1' }, losers: [{ id: '3', nr: '1' }] },
    ],
    sizes: [{ rows: 2, groups: 1 }],
  })
})

test('sizes say how many groups have how many rows, of the fifty most frequent', async () => {
  await db.pool.query(`CREATE TABLE sized (id int PRIMARY KEY, v int NOT NULL);
    INSERT INTO sized SELECT row_number() OVER (), n FROM generate_series(1, 60) AS n,
      generate_series(1, n) UNION ALL SELECT 100000, 200 UNION ALL SELECT 100001, 200`)
  const [report] = await once.scan(guard('sized', { table: 'sized', key: { v: int() } }))
  const sizes = report?.duplicates.sizes ?? []
  expect(sizes).toHaveLength(50)
  expect(sizes.slice(0, 3)).toEqual([
    { rows: 2, groups: 2 },
    { rows: 3, groups: 1 },
    { rows: 4, groups: 1 },
  ])
})

test.each<[what: string, sql: string]>([
  ['the time of the call', 'now()::text'],
  ['the zone of the session', "date_trunc('day', at)"],
])('a key that depends on %s is refused', async (_, sql) => {
  const changing = guard('changing', { table: 'visits', key: { k: expression(sql) } })
  await expect(once.scan(changing)).rejects.toMatchObject({
    code: 'EXPRESSION_INVALID',
    message: expect.stringContaining('the part k of the guard changing is not immutable'),
    fix: expect.stringContaining('AT TIME ZONE'),
  })
})

test('columns and tables may be called what the scan calls things', async () => {
  await db.pool.query(`CREATE TABLE groups (
      id int PRIMARY KEY, members int, place int, k0 int, l0 text, holed int, rows int, top int);
    INSERT INTO groups SELECT i, i % 3, i % 3, i % 3, 'X', i % 3, i % 3, i % 3
    FROM generate_series(1, 9) AS i`)
  const named = guard('named', {
    table: 'groups',
    key: { members: int(), place: int(), k0: int(), l0: text(), holed: int() },
    where: 'id IN (SELECT id FROM groups) AND rows = top',
    keep: ['members', 'place', 'k0 desc'],
    show: ['members', 'top'],
  })
  const [report] = await once.scan(named)
  expect(report).toMatchObject({ rows: 9, duplicates: { groups: 3, excess: 6 } })
})

test('a NOT NULL that was never validated is not believed', async () => {
  const { version } = await plain("SELECT current_setting('server_version_num')::int AS version")
  await db.pool.query(
    'CREATE TABLE unsure (id int PRIMARY KEY, v int); INSERT INTO unsure VALUES (1)',
  )
  const constraint = 'ALTER TABLE unsure ADD CONSTRAINT v_known NOT NULL v NOT VALID'
  if (Number(version) >= 180_000) await db.pool.query(constraint)
  const [report] = await once.scan(guard('unsure', { table: 'unsure', key: { v: int() } }))
  expect(report?.parts[0]?.nulls).toBe(1)
})

test('several guards are scanned in their order, a guard twice as well', async () => {
  const one = guard('one', { table: 'visits', key: { day: date() } })
  const other = guard('other', { table: 'visits', key: { room: int() } })
  const reports = await once.scan([one, other, one])
  expect(reports.map((report) => report.guard)).toEqual(['one', 'other', 'one'])
  expect(await once.scan([])).toEqual([])
})
