import { column, date, guard, int, onceover, text } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, insertRaw, type LessonsDatabase, lessonsDatabase } from './lessons.ts'

let db: LessonsDatabase
beforeAll(async () => {
  db = await lessonsDatabase()
})
afterAll(() => db.close())

/** The error of inserting a row twice. */
const twice = async (table: string, row: object, again = row) => {
  await insertRaw(db.pool, [row], table)
  return errorOf(insertRaw(db.pool, [again], table))
}

test('values with commas are split so that the row that stands is found', async () => {
  await db.pool.query('CREATE TABLE pairs (id int PRIMARY KEY, a text, b text, UNIQUE (a, b))')
  await insertRaw(db.pool, [{ id: 1, a: 'x, y', b: 'z' }], 'pairs')
  const error = await twice('pairs', { id: 2, a: 'x', b: 'y, z' }, { id: 3, a: 'x', b: 'y, z' })
  await db.pool.query('DELETE FROM pairs WHERE id = 1')
  expect(await db.once.explain(error)).toMatchObject({
    attempted: { a: 'x', b: 'y, z' },
    existingId: { id: '2' },
  })
})

test('names in capitals, with quotes, commas and dots are understood', async () => {
  await db.pool.query(
    `CREATE SCHEMA "My.App"; CREATE TABLE "My.App"."Order, ""new""" (
       "Id" int PRIMARY KEY, "Order No" int, "select" text, "createdAt" timestamptz DEFAULT now(),
       CONSTRAINT "one ""order""" UNIQUE ("Order No", "select"))`,
  )
  const table = `"My.App"."Order, ""new"""`
  const insert = (id: number) =>
    db.pool.query(`INSERT INTO ${table} ("Id", "Order No", "select") VALUES ($1, 7, 'a, (b)')`, [
      id,
    ])
  await insert(1)
  const error = await errorOf(insert(2))
  const told = await db.once.explain(error)
  expect(told).toMatchObject({
    constraint: 'one "order"',
    table: 'My.App.Order, "new"',
    attempted: { 'Order No': '7', select: 'a, (b)' },
    existingId: { Id: '1' },
  })
  expect(told.madeAt).toMatch(/^2\d{3}-/)
  const { message, detail } = error as { message: string; detail: string }
  expect(await db.once.explain(`ERROR:  ${message}\nDETAIL:  ${detail}\n`)).toMatchObject({
    attempted: { 'Order No': '7', select: 'a, (b)' },
    existingId: { Id: '1' },
  })
})

test('a key of expressions, under a predicate, is found through its index', async () => {
  await db.pool.query(
    `CREATE TABLE users (id int PRIMARY KEY, email text, team int, gone boolean DEFAULT false);
     CREATE UNIQUE INDEX users_email ON users (lower(email), team) WHERE NOT gone`,
  )
  await insertRaw(db.pool, [{ id: 1, email: 'ANA@b', team: 1, gone: true }], 'users')
  const row = { id: 2, email: 'Ana@b', team: 1 }
  const error = await twice('users', row, { ...row, id: 3, email: 'ana@B' })
  const told = await db.once.explain(error)
  expect(told).toMatchObject({
    constraint: 'users_email',
    attempted: { 'lower(email)': 'ana@b', team: '1' },
    existingId: { id: '2' },
  })
  expect(told.fix).toContain('ON CONFLICT ((lower(email)), team) WHERE (NOT gone) DO NOTHING')
})

test.each([
  ['numeric(8,2)', '1.50'],
  ['timestamptz', '2025-09-08 10:00:00.123456+02'],
  ['timestamp', '2025-09-08 10:00:00'],
  ['bytea', '\\x6162'],
  ['int[]', '{1,2,3}'],
  ['text[]', '{"a, b",c}'],
  ['jsonb', '{"a": [1, 2], "b": "x, y"}'],
  ['daterange', '[2025-09-01,2025-10-01)'],
  ['boolean', 'true'],
  ['char(5)', 'ab'],
  ['inet', '10.0.0.1/24'],
  ['interval', '1 day 02:00:00'],
  ['double precision', '0.1'],
  ['name', 'abc'],
])('a key of %s is read back from its text', async (type, value) => {
  const table = `typed_${type.replaceAll(/\W/g, '_')}`
  await db.pool.query(
    `CREATE TABLE ${table} (id int PRIMARY KEY, k ${type}, n text, UNIQUE (k, n))`,
  )
  const error = await twice(table, { id: 1, k: value, n: 'x' }, { id: 2, k: value, n: 'x' })
  expect(await db.once.explain(error)).toMatchObject({ existingId: { id: '1' } })
})

describe('the table', () => {
  test('may be a partition, whose guard is on the table above it', async () => {
    await db.pool.query(
      `CREATE TABLE parted (id int, day date, who int, PRIMARY KEY (id, day), UNIQUE (day, who))
         PARTITION BY RANGE (day);
       CREATE TABLE parted_2025 PARTITION OF parted
         FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`,
    )
    const parted = guard('parted', { table: 'parted', key: { day: date(), who: int() } })
    const row = { id: 1, day: '2025-09-08', who: 7 }
    const error = await twice('parted', row, { ...row, id: 2 })
    expect(await db.once.explain(error, { guards: [parted] })).toMatchObject({
      guard: 'parted',
      constraint: 'parted_2025_day_who_key',
      table: 'public.parted',
      existingId: { id: '1', day: '2025-09-08' },
    })
  })

  test('is told from another with a constraint of the same name by the DETAIL', async () => {
    await db.pool.query(
      `CREATE SCHEMA s1; CREATE SCHEMA s2;
       CREATE TABLE s1.t (id int PRIMARY KEY, a int, CONSTRAINT same UNIQUE (a));
       CREATE TABLE s2.t (id int PRIMARY KEY, b int, CONSTRAINT same UNIQUE (b))`,
    )
    await twice('s1.t', { id: 1, a: 5 }, { id: 2, a: 5 })
    const { message, detail } = (await twice('s2.t', { id: 1, b: 5 }, { id: 2, b: 5 })) as {
      message: string
      detail: string
    }
    const told = await db.once.explain(`ERROR:  ${message}\nDETAIL:  ${detail}`)
    expect(told.table).toBe('s2.t')
  })

  test('may lack a primary key', async () => {
    await db.pool.query('CREATE TABLE bare (a int UNIQUE, b text)')
    const error = await twice('bare', { a: 1, b: 'x' }, { a: 1, b: 'y' })
    expect(await db.once.explain(error)).toMatchObject({ existing: { a: '1', b: 'x' } })
  })
})

test('a period as PostgreSQL 18 can declare it is a range that may not overlap', async () => {
  const { rows } = await db.pool.query("SELECT current_setting('server_version_num')::int AS n")
  const key =
    rows[0].n >= 180_000
      ? 'UNIQUE (room, during WITHOUT OVERLAPS)'
      : 'EXCLUDE USING gist (room WITH =, during WITH &&)'
  await db.pool.query(
    `CREATE TABLE stays (id int PRIMARY KEY, room int4range, during daterange,
       CONSTRAINT stays_period ${key})`,
  )
  const stay = (id: number, during: string) => ({ id, room: '[1,1]', during })
  const error = await twice(
    'stays',
    stay(1, '[2025-09-01,2025-09-05)'),
    stay(2, '[2025-09-04,2025-09-06)'),
  )
  expect(await db.once.explain(error)).toMatchObject({
    constraint: 'stays_period',
    attempted: { during: '[2025-09-04,2025-09-06)' },
    existingId: { id: '1' },
    cause: 'overlapping_ranges',
    likelihood: 'certain',
  })
})

test('where the database draws the number, the fix has a statement for its sequence', async () => {
  await db.pool.query(
    `CREATE TABLE "Drawn" ("Id" int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a text);
     INSERT INTO "Drawn" VALUES (1, 'by hand')`,
  )
  const insert = () => db.pool.query(`INSERT INTO "Drawn" (a) VALUES ('drawn')`)
  const { fix } = await db.once.explain(await errorOf(insert()))
  const [, statement] = /its sequence is behind: (.*;) Else/.exec(fix) ?? []
  await db.pool.query(statement ?? '')
  await insert()
  const { rows } = await db.pool.query('SELECT "Id" FROM "Drawn" ORDER BY 1')
  expect(rows).toEqual([{ Id: 1 }, { Id: 2 }])
})

describe('where an ORM names the columns only', () => {
  test('the constraint on them is found, the values are those of the row', async () => {
    await db.pool.query('CREATE TABLE posts (id int PRIMARY KEY, slug text, site int)')
    await db.pool.query('CREATE UNIQUE INDEX posts_slug ON posts (site, slug)')
    await insertRaw(db.pool, [{ id: 1, slug: 'a', site: 2 }], 'posts')
    const error = { code: 'P2002', meta: { modelName: 'Posts', target: ['slug', 'site'] } }
    expect(await db.once.explain(error, { row: { slug: 'a', site: 2 } })).toMatchObject({
      constraint: 'posts_slug',
      attempted: { site: '2', slug: 'a' },
      existingId: { id: '1' },
    })
    const told = await db.once.explain(error)
    expect(told.attempted).toEqual({})
    expect(told.existing).toBeUndefined()
    expect(told.likelihood).toBe('possible')
    expect(told.evidence).toEqual(['The error does not say which values were refused: pass `row`.'])
  })
})

describe('what is not understood', () => {
  test('a constraint of another database', async () => {
    const error = { code: '23505', constraint: 'elsewhere', detail: 'Key (a)=(1) already exists.' }
    await expect(db.once.explain(error)).rejects.toMatchObject({ code: 'CONSTRAINT_NOT_FOUND' })
  })

  test('an error of another kind, other words, and nothing', async () => {
    for (const given of [{ code: '23503', constraint: 'x_fkey' }, 'all is well', '', undefined]) {
      await expect(db.once.explain(given)).rejects.toMatchObject({ code: 'NOT_A_DUPLICATE' })
    }
  })

  test('words in another language that name no constraint of this database', async () => {
    const text = 'FEHLER:  »irgendwas« ist passiert\nDETAIL:  »(a)=(1)«'
    await expect(db.once.explain(text)).rejects.toMatchObject({ code: 'NOT_A_DUPLICATE' })
  })
})

test('a log in another language is understood by the name of the constraint', async () => {
  await db.pool.query('CREATE TABLE sprache (id int PRIMARY KEY, a int, b text, UNIQUE (a, b))')
  await insertRaw(db.pool, [{ id: 1, a: 1, b: 'x' }], 'sprache')
  const text =
    '2025-09-08 10:00:00 CEST [7] FEHLER:  doppelter Schlüsselwert verletzt Unique-Constraint ' +
    '»sprache_a_b_key«\n' +
    '2025-09-08 10:00:00 CEST [7] DETAIL:  Schlüssel »(a, b)=(1, x)« existiert bereits.\n'
  expect(await db.once.explain(text)).toMatchObject({
    constraint: 'sprache_a_b_key',
    attempted: { a: '1', b: 'x' },
    existingId: { id: '1' },
  })
})

describe('a role that may not see everything', () => {
  test('is not told that no row stands where row-level security may hide it', async () => {
    await db.pool.query(
      `CREATE TABLE secret (id int PRIMARY KEY, tenant int, k text UNIQUE);
       ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
       CREATE POLICY own ON secret USING (tenant = 1);
       INSERT INTO secret VALUES (1, 2, 'a');
       DROP ROLE IF EXISTS onceover_explain_test; CREATE ROLE onceover_explain_test LOGIN;
       GRANT SELECT, INSERT ON secret TO onceover_explain_test`,
    )
    const client = await db.pool.connect()
    try {
      await client.query('SET ROLE onceover_explain_test')
      const error = await errorOf(insertRaw(client, [{ id: 2, tenant: 1, k: 'a' }], 'secret'))
      const once = await onceover({ db: client })
      const secret = guard('secret', { table: 'secret', key: { k: column() } })
      const told = await once.explain(error, { guards: [secret], row: { k: 'a' } })
      expect(told.existing).toBeUndefined()
      expect(told.likelihood).toBe('possible')
      expect(JSON.stringify(told)).toContain('Row-level security may hide')
      await once.close()
    } finally {
      await client.query('RESET ROLE')
      await client.query('DROP OWNED BY onceover_explain_test; DROP ROLE onceover_explain_test')
      client.release()
    }
  })
})

test('a guard that does not fit this database says nothing of the error', async () => {
  await db.pool.query('CREATE TABLE fits (id int PRIMARY KEY, a int UNIQUE)')
  const error = await twice('fits', { id: 1, a: 1 }, { id: 2, a: 1 })
  const guards = [
    guard('gone', { table: 'nowhere', key: { a: int() } }),
    guard('other', { table: 'fits', key: { b: text() } }),
  ]
  const told = await db.once.explain(error, { guards })
  expect(told.guard).toBeUndefined()
  expect(told.existingId).toEqual({ id: '1' })
})
