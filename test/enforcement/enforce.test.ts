import {
  date,
  type EnforceOptions,
  expression,
  type Guard,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  OnceoverError,
  onceover,
  set,
  text,
} from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

let tables = 0

type Options = Partial<GuardOptions<KeyParts>>

/** A guard on a new table; `$t` stands for its name in the DDL. */
async function guarded(ddl = '', options: Options = {}): Promise<Guard> {
  const table = `t${++tables}`
  const columns = `id int PRIMARY KEY, day date, room int, note text, tags int[], doc jsonb,
    gone boolean NOT NULL DEFAULT false, nr int NOT NULL DEFAULT 0`
  await db.pool.query(`CREATE TABLE $t (${columns}); ${ddl}`.replaceAll('$t', table))
  return guard(table, { table, key: { day: date(), room: int() }, ...options })
}

/** Everything in the catalogue that enforcing could have left. */
const traces = async ({ table }: Guard) => {
  const { rows } = await db.pool.query(
    `SELECT indexname AS name FROM pg_indexes WHERE tablename = $1 AND indexname NOT LIKE '%pkey'
     UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'onceover%'
     UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'onceover' ORDER BY 1`,
    [table],
  )
  return rows.map(({ name }) => name)
}

const TWICE =
  "INSERT INTO $t (id, day, room) SELECT i, '2025-01-01', i / 2 FROM generate_series(1, 9) i"
const row = { id: 100, day: '2025-10-23', room: 1 }

const refusal = async (made: Guard, options?: EnforceOptions): Promise<OnceoverError> => {
  const error = await once.enforce(made, options).catch((thrown: unknown) => thrown)
  if (error instanceof OnceoverError) return error
  throw new Error(`it was not refused: ${JSON.stringify(error)}`)
}

describe('enforcing', () => {
  test('makes the index, after which rows go in; before, they are refused', async () => {
    const made = await guarded()
    await expect(once.insertOne(made, row)).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCED',
      exitCode: 4,
    })
    const enforced = await once.enforce(made)
    expect(enforced).toMatchObject({
      guard: made.table,
      index: made.index,
      created: true,
      ddl: `CREATE UNIQUE INDEX "${made.index}" ON "public"."${made.table}" ("day", "room")`,
      left: [],
    })
    expect(await once.insertOne(made, row)).toMatchObject({ verdict: 'created' })
    expect(await once.insertOne(made, { ...row, id: 101 })).toMatchObject({ verdict: 'skipped' })
  })

  test('again needs no change', async () => {
    const made = await guarded()
    await once.enforce(made)
    expect(await once.enforce(made)).toMatchObject({
      guard: made.table,
      index: made.index,
      created: false,
      ddl: '',
      left: [],
    })
  })

  test('needs no change where an index of another name stands', async () => {
    const made = await guarded('ALTER TABLE $t ADD CONSTRAINT one_a_day UNIQUE (room, day)')
    const before = await traces(made)
    expect(await once.enforce(made)).toMatchObject({ index: 'one_a_day', created: false, ddl: '' })
    expect(await traces(made)).toEqual(before)
    expect(await once.insertOne(made, row)).toMatchObject({ verdict: 'created' })
  })

  test.each<[what: string, options: Options, says: RegExp]>([
    ['the condition', { where: 'NOT gone' }, /\("day", "room"\) WHERE NOT gone$/],
    ['the copy', { copies: 'nr' }, /\("day", "room", "nr"\)$/],
    ['equal NULLs', { key: { day: date({ nulls: 'equal' }) } }, /\("day"\) NULLS NOT DISTINCT$/],
    ['distinct NULLs', { key: { day: date({ nulls: 'distinct' }) } }, /\("day"\)$/],
    ['the form', { key: { note: text({ fold: true }) } }, /\(\(lower\(normalize/],
    ['expressions', { key: { e: expression('room + 1') } }, /\(\(\(room \+ 1\)\)\)$/],
    ['its declared name', { index: 'My "Index"' }, /UNIQUE INDEX "My ""Index"""/],
  ])('holds %s in the index', async (_, options, says) => {
    const made = await guarded('', options)
    expect((await once.enforce(made)).ddl).toMatch(says)
    const { coverage } = await once.inspect(made)
    expect(coverage).toMatchObject({ enforced: true, shadows: [] })
  })

  test('makes the index of a partitioned table on all partitions', async () => {
    const table = `t${++tables}`
    await db.pool.query(`CREATE TABLE ${table} (id int, day date, PRIMARY KEY (id, day))
        PARTITION BY RANGE (day);
      CREATE TABLE ${table}_a PARTITION OF ${table}
        FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`)
    const made = guard(table, { table, key: { day: date() } })
    expect(await once.enforce(made)).toMatchObject({ created: true })
    expect(await once.insertOne(made, row)).toMatchObject({ verdict: 'invalid' })
    const { verdict } = await once.insertOne(made, { id: 1, day: '2025-10-23' })
    expect(verdict).toBe('created')
  })

  test('leaves rows alone that are not bound', async () => {
    const made = await guarded(
      `INSERT INTO $t (id, day, room, gone)
       SELECT i, '2025-01-01', 1, i > 1 FROM generate_series(1, 3) i`,
      { where: 'NOT gone' },
    )
    expect(await once.enforce(made)).toMatchObject({ created: true })
  })
})

describe('enforcing is refused, and leaves nothing half done', () => {
  const bigDay = `INSERT INTO $t (id, note)
     SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, 400) i`

  test('where duplicates exist, which it lists', async () => {
    const made = await guarded(TWICE, { key: { tags: set({ nulls: 'equal' }), room: int() } })
    const error = await refusal(made)
    expect(error).toMatchObject({
      code: 'DUPLICATES_EXIST',
      exitCode: 4,
      details: { groups: 4, excess: 4, largest: { length: 4 } },
    })
    expect(error.message).toContain('{"tags":null,"room":1} × 2')
    expect(await traces(made)).toEqual([])
  })

  test.each<[why: string, ddl: string, options: Options, code: string, says: RegExp]>([
    [
      'where the name belongs to another index',
      'CREATE INDEX $t_name ON $t (id, room)',
      { index: '$t_name' },
      'INDEX_NAME_TAKEN',
      /exists and does not cover/,
    ],
    [
      'where the name belongs to a table',
      'CREATE TABLE $t_name ()',
      { index: '$t_name' },
      'INDEX_NAME_TAKEN',
      /exists and does not cover/,
    ],
    [
      'where a key is longer than an index holds',
      bigDay,
      { key: { note: text() } },
      'GUARD_NOT_ENFORCEABLE',
      /index row.*md5/,
    ],
    [
      'where the condition is not immutable',
      '',
      { where: 'day > current_date' },
      'GUARD_NOT_ENFORCEABLE',
      /not immutable/,
    ],
    [
      'where an expression is a subquery',
      '',
      { key: { e: expression('(SELECT room)') } },
      'GUARD_NOT_ENFORCEABLE',
      /subquery/,
    ],
    [
      'where a deferrable constraint makes ON CONFLICT fail',
      'ALTER TABLE $t ADD CONSTRAINT $t_c UNIQUE (day, room) DEFERRABLE',
      {},
      'GUARD_NOT_ENFORCEABLE',
      /_c, which is deferrable/,
    ],
    [
      'where tables inherit',
      'CREATE TABLE $t_child () INHERITS ($t)',
      {},
      'GUARD_NOT_ENFORCEABLE',
      /inherit/,
    ],
  ])('%s', async (_, ddl, options, code, says) => {
    const name = `t${tables + 1}`
    const made = await guarded(ddl, {
      ...options,
      ...(options.index && { index: options.index.replace('$t', name) }),
    })
    const before = await traces(made)
    const error = await refusal(made)
    expect(error).toMatchObject({ code, exitCode: 4 })
    expect(`${error.message} ${error.fix}`).toMatch(says)
    expect(await traces(made)).toEqual(before)
  })

  test('where another session holds the table, once the deadline has passed', async () => {
    const made = await guarded()
    const holder = new pg.Client({ connectionString: db.url, application_name: 'nightly import' })
    await holder.connect()
    await holder.query(`BEGIN; INSERT INTO ${made.table} (id) VALUES (1)`)
    const error = await refusal(made, { deadline: '500ms' })
    await holder.end()
    expect(error).toMatchObject({ code: 'ENFORCE_TIMED_OUT', exitCode: 1 })
    expect(error.message).toContain('nightly import, idle in transaction')
    expect(await traces(made)).toEqual([])
    expect(await once.enforce(made)).toMatchObject({ created: true })
  })

  test('to a role that does not own the table', async () => {
    const made = await guarded()
    const role = `writer_${process.pid}`
    await db.pool.query(`CREATE ROLE ${role}; GRANT ALL ON ${made.table} TO ${role}`)
    const client = new pg.Client(db.url)
    await client.connect()
    await client.query(`SET ROLE ${role}`)
    const own = await onceover({ db: client })
    await expect(own.enforce(made)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await client.end()
    await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    expect(await traces(made)).toEqual([])
  })

  test('in a session that may only read', async () => {
    const made = await guarded()
    const client = new pg.Client(db.url)
    await client.connect()
    await client.query('SET default_transaction_read_only = on')
    const own = await onceover({ db: client })
    await expect(own.enforce(made)).rejects.toMatchObject({ code: 'READ_ONLY', exitCode: 4 })
    await client.end()
    expect(await traces(made)).toEqual([])
  })
})
