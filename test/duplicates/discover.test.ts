import { date, guard, int, type Onceover, onceover, text } from 'onceover'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
let once: Onceover

beforeEach(async () => {
  database = await testDatabase()
  once = await onceover({ db: database.pool })
})
afterEach(async () => {
  await once.close()
  await database.drop()
})

const run = (sql: string) => database.pool.query(sql)

const keysOf = async (options = {}) =>
  (await once.discover(options)).proposals.map(({ table, key }) => [table, Object.keys(key).join()])

describe('what is proposed', () => {
  test('a few duplicates come before none, and both before what an index holds', async () => {
    await run(`
      CREATE TABLE once_held (id int PRIMARY KEY, external_id text NOT NULL UNIQUE);
      CREATE TABLE open (id int PRIMARY KEY, external_id text NOT NULL);
      CREATE TABLE broken (id int PRIMARY KEY, external_id text NOT NULL);
      INSERT INTO open SELECT g, 'x' || g FROM generate_series(1, 100) g;
      INSERT INTO broken SELECT g, 'x' || greatest(g, 3) FROM generate_series(1, 100) g`)
    const { proposals, more, tables } = await once.discover()
    expect(proposals.map(({ table, state, duplicates }) => [table, state, duplicates])).toEqual([
      ['broken', 'unguarded', { groups: 1, excess: 2, estimated: false }],
      ['open', 'unguarded', { groups: 0, excess: 0, estimated: false }],
      ['once_held', 'enforced', undefined],
    ])
    expect(proposals[0]?.why[0]).toBe(
      '2 excess rows in 1 group, of 100 rows (98 % distinct); nothing enforces it.',
    )
    expect({ more, tables }).toEqual({ more: 0, tables: 3 })
  })

  test('what most rows repeat is no key', async () => {
    await run(`
      CREATE TABLE people (id int PRIMARY KEY);
      CREATE TABLE calls (id int PRIMARY KEY, person_id int NOT NULL REFERENCES people,
        kind text NOT NULL);
      INSERT INTO people VALUES (1), (2);
      INSERT INTO calls SELECT g, 1 + g % 2, 'in' FROM generate_series(1, 100) g`)
    expect(await keysOf()).toEqual([])
  })

  test('statistics alone rule such a key out', async () => {
    await run(`
      CREATE TABLE calls (id int PRIMARY KEY, person_id int NOT NULL, day date NOT NULL);
      INSERT INTO calls SELECT g, g % 2, '2025-10-01' FROM generate_series(1, 100) g;
      ANALYZE calls`)
    expect(await keysOf()).toEqual([])
  })

  test('an e-mail address is one whatever its case, within its tenant', async () => {
    await run(`
      CREATE TABLE tenants (id int PRIMARY KEY);
      CREATE TABLE users (id int PRIMARY KEY, "tenantId" int NOT NULL REFERENCES tenants,
        "eMail" text NOT NULL, "deletedAt" timestamptz, "createdAt" timestamptz);
      INSERT INTO tenants VALUES (1);
      INSERT INTO users SELECT g, 1, 'u' || g || '@x.org' FROM generate_series(1, 50) g;
      INSERT INTO users VALUES (51, 1, 'U1@X.org ', NULL), (52, 1, 'u2@x.org', now())`)
    const { proposals } = await once.discover()
    expect(proposals[0]).toMatchObject({
      key: { tenantId: 'int', eMail: 'text' },
      where: '"deletedAt" IS NULL',
      keep: ['"createdAt" asc', 'id asc'],
      duplicates: { groups: 1, excess: 1 },
      imports: ['guard', 'int', 'text'],
      code: [
        "guard('users', {",
        "  table: 'users',",
        '  key: { tenantId: int(), eMail: text({ trim: true, fold: true }) },',
        `  where: '"deletedAt" IS NULL',`,
        `  keep: ['"createdAt" asc', 'id asc'],`,
        '})',
      ].join('\n'),
    })
  })

  const wheres = async () =>
    (await once.discover()).proposals.map(({ table, where }) => [table, where]).sort()

  test('a state that no row has yet is bound, as new rows may begin with it', async () => {
    await run(`
      CREATE TABLE a (id int PRIMARY KEY, customer_id int NOT NULL, month date NOT NULL,
        status text NOT NULL DEFAULT 'draft');
      CREATE TABLE b (LIKE a INCLUDING ALL);
      ALTER TABLE b ALTER status DROP NOT NULL;
      CREATE TABLE c (LIKE b INCLUDING ALL);
      INSERT INTO a SELECT g, g, '2025-10-01', CASE WHEN g % 9 = 0 THEN 'void' ELSE 'sent' END
        FROM generate_series(1, 60) g;
      INSERT INTO b SELECT * FROM a;
      INSERT INTO c SELECT id, customer_id, month, CASE WHEN id < 9 THEN 'rejected' ELSE status END
        FROM a`)
    expect(await wheres()).toEqual([
      ['a', "status <> 'void'"],
      ['b', "status IS DISTINCT FROM 'void'"],
      ['c', "status IS DISTINCT FROM 'rejected' AND status IS DISTINCT FROM 'void'"],
    ])
    const { proposals } = await once.discover()
    expect(proposals[0]?.why).toContain('Rows whose status is void no longer count: left out.')
  })

  test('of several dead states none is bound, of a closed list the living are', async () => {
    await run(`
      CREATE TABLE a (id int PRIMARY KEY, customer_id int NOT NULL, month date NOT NULL,
        status text NOT NULL DEFAULT 'error');
      CREATE TABLE b (LIKE a INCLUDING ALL);
      ALTER TABLE b ADD CHECK (status IN ('open', 'void', 'error'));
      INSERT INTO a SELECT g, g, '2025-10-01', (ARRAY['void', 'rejected', 'it''s'])[1 + g % 3]
        FROM generate_series(1, 60) g;
      INSERT INTO b SELECT g, g, '2025-10-01', 'open' FROM generate_series(1, 60) g`)
    // A row that only just begins cannot be at its end.
    expect(await wheres()).toEqual([
      ['a', "status NOT IN ('rejected', 'void')"],
      ['b', "status IN ('open', 'error')"],
    ])
  })

  test('a where of distinct states can be enforced, and is known again', async () => {
    await run(`CREATE TABLE c (id int PRIMARY KEY, customer_id int NOT NULL, month date NOT NULL,
        status text DEFAULT 'draft');
      INSERT INTO c SELECT g, g, '2025-10-01', (ARRAY['void', 'rejected', 'sent'])[1 + g % 3]
        FROM generate_series(1, 60) g`)
    const [found] = (await once.discover()).proposals
    const key = { customer_id: int(), month: date() }
    const { index } = await once.enforce(guard('c', { table: 'c', key, where: found?.where ?? '' }))
    expect((await once.discover()).proposals).toMatchObject([
      { key: found?.key, state: 'enforced', enforcedBy: index },
    ])
  })

  test('an index that could not be built says what the key was to be', async () => {
    await run(`CREATE TABLE t (id int PRIMARY KEY, colour text);
      INSERT INTO t SELECT g, 'c' || greatest(g, 2) FROM generate_series(1, 20) g`)
    await expect(run('CREATE UNIQUE INDEX CONCURRENTLY one ON t (colour)')).rejects.toThrow()
    const { proposals } = await once.discover()
    expect(proposals).toMatchObject([{ key: { colour: 'text' }, state: 'unguarded' }])
    expect(proposals[0]?.why[1]).toMatch(/The unique index one is invalid/)
  })

  test('what was agreed with and enforced is proposed as such, and nothing like it', async () => {
    await run(`CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL, deleted_at timestamptz)`)
    const [proposal] = (await once.discover()).proposals
    expect(proposal).toMatchObject({ key: { slug: 'text' }, where: 'deleted_at IS NULL' })
    const agreed = guard('t', { table: 't', key: { slug: text() }, where: proposal?.where ?? '' })
    const { index } = await once.enforce(agreed)
    const after = (await once.discover()).proposals
    expect(after).toMatchObject([
      { key: { slug: 'text' }, where: 'deleted_at IS NULL', state: 'enforced', enforcedBy: index },
    ])
  })

  test('inbound foreign keys on the primary key are children', async () => {
    await run(`
      CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL UNIQUE);
      CREATE TABLE lines (id int PRIMARY KEY, parent int REFERENCES t);
      CREATE TABLE names (id int PRIMARY KEY, named text REFERENCES t (slug))`)
    const { proposals } = await once.discover()
    const found = proposals.find(({ table }) => table === 't')
    expect(found?.children).toEqual([{ table: 'lines', columns: ['parent'] }])
  })
})

test('a key that no index of a partitioned table can hold says so', async () => {
  await run(`
    CREATE TABLE t (id int, day date NOT NULL, slug text NOT NULL, owner_id int NOT NULL,
      PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE t_1 PARTITION OF t DEFAULT;
    INSERT INTO t SELECT g, '2025-10-01', 's' || g, g FROM generate_series(1, 20) g`)
  const { proposals } = await once.discover()
  const said = proposals.map(({ key, why }) => [Object.keys(key).join(), why.at(-1)])
  expect(said).toEqual([
    ['owner_id,day', expect.stringMatching(/^owner_id says whose it is/)],
    ['slug', expect.stringMatching(/^No index can hold it: .* RANGE \(day\), .* lacks day\.$/)],
  ])
})

describe('which tables are looked at', () => {
  test('ordinary and partitioned ones, but no partitions and nothing of ours', async () => {
    await once.migrate()
    await run(`
      CREATE TABLE plain (id int PRIMARY KEY, slug text NOT NULL);
      CREATE TABLE parts (id int, code text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
      INSERT INTO parts SELECT g, 'c' || g FROM generate_series(1, 20) g;
      CREATE VIEW v AS SELECT 1 AS slug`)
    expect((await keysOf()).sort()).toEqual([
      ['parts', 'code'],
      ['plain', 'slug'],
    ])
  })

  test('also through a bare handle, outside any transaction', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL)')
    const { pool } = database
    const bare = await onceover({
      db: { query: (text: string, values?: unknown[]) => pool.query(text, values) },
    })
    expect((await bare.discover()).proposals).toMatchObject([{ table: 't' }])
    await bare.close()
  })

  test('those of one schema, and the best of them', async () => {
    await run(`
      CREATE SCHEMA "a.b";
      CREATE TABLE "a.b".t (id int PRIMARY KEY, slug text NOT NULL, sku text NOT NULL UNIQUE);
      CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL)`)
    expect(await keysOf({ schema: 'a.b' })).toEqual([
      ['"a.b".t', 'sku'],
      ['"a.b".t', 'slug'],
    ])
    const { proposals, more, tables } = await once.discover({ schema: 'a.b', limit: 1 })
    expect({ found: proposals.length, more, tables }).toEqual({ found: 1, more: 1, tables: 1 })
  })

  test('one that is too large to count is sampled, and its figures say so', async () => {
    await run(`CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL);
      INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 60000) g;
      INSERT INTO t SELECT 60000 + g, 'x' || g FROM generate_series(1, 6000) g;
      UPDATE pg_class SET reltuples = 2000000 WHERE relname = 't'`)
    const [proposal] = (await once.discover()).proposals
    expect(proposal?.duplicates?.estimated).toBe(true)
    expect(proposal?.why[0]).toMatch(/, estimated from a sample of 50 % of the pages; /)
    // The sample is the same each time. A group is seen where both of its pages are.
    expect(proposal?.duplicates?.excess).toBeGreaterThan(3000)
    expect(proposal?.duplicates?.excess).toBeLessThan(9000)
  })
})

describe('a table that cannot be read is listed with the reason', () => {
  const skippedBy = async (client: Onceover, options = {}) =>
    (await client.discover(options)).skipped

  test('without a privilege, with a role that may only read the others', async () => {
    await run(`
      CREATE TABLE open (id int PRIMARY KEY, slug text NOT NULL);
      CREATE TABLE hidden (id int PRIMARY KEY, slug text NOT NULL);
      CREATE TABLE walled (id int PRIMARY KEY, slug text NOT NULL);
      ALTER TABLE walled ENABLE ROW LEVEL SECURITY;
      CREATE ROLE looker_${process.pid} LOGIN PASSWORD 'looks';
      ALTER ROLE looker_${process.pid} SET default_transaction_read_only = on;
      GRANT SELECT ON open, walled TO looker_${process.pid}`)
    const url = new URL(database.url)
    url.username = `looker_${process.pid}`
    url.password = 'looks'
    const pool = new pg.Pool({ connectionString: url.href })
    const looker = await onceover({ db: pool })
    try {
      const { proposals, skipped } = await looker.discover()
      expect(proposals.map(({ table }) => table)).toEqual(['open'])
      expect(skipped).toEqual([
        { table: 'hidden', reason: 'this role may not read it' },
        { table: 'walled', reason: 'Row-level security hides rows of walled from this role' },
      ])
    } finally {
      await looker.close()
      await pool.end()
      await run(`DROP OWNED BY looker_${process.pid}; DROP ROLE looker_${process.pid}`)
    }
  })

  test('without a primary key', async () => {
    await run('CREATE TABLE t (slug text)')
    expect(await skippedBy(once)).toEqual([
      { table: 't', reason: 'it has no primary key, which a guard needs' },
    ])
  })

  test('behind a lock, and the next table is read all the same', async () => {
    await run(`CREATE TABLE a (id int PRIMARY KEY, slug text NOT NULL);
      CREATE TABLE b (id int PRIMARY KEY, slug text NOT NULL)`)
    await once.transaction(async (tx) => {
      await tx.query('LOCK TABLE a IN ACCESS EXCLUSIVE MODE')
      const { proposals, skipped } = await once.discover({ timeoutMs: 100 })
      expect(proposals.map(({ table }) => table)).toEqual(['b'])
      expect(skipped).toEqual([
        {
          table: 'a',
          reason: 'a statement took longer than 100 ms, or a lock was in its way',
        },
      ])
    })
  })

  test('where its keys cannot be counted in time, and names alone speak for them', async () => {
    // To fold a long text takes far longer than to count the row.
    await run(`CREATE TABLE t (id int PRIMARY KEY, email text NOT NULL);
      INSERT INTO t SELECT g, repeat('é', 2000000) || g FROM generate_series(1, 60) g`)
    const { proposals, skipped } = await once.discover({ timeoutMs: 2_000 })
    expect(skipped).toEqual([
      { table: 't', reason: 'counting took longer than 2000 ms: not all counted' },
    ])
    expect(proposals).toMatchObject([{ table: 't', key: { email: 'text' }, state: 'unguarded' }])
    expect(proposals[0]?.why[0]).toBe('Its rows were not counted: that took too long.')
    expect(proposals[0]?.duplicates).toBeUndefined()
  })

  test('where its rows cannot be read in time', async () => {
    await run(`CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL);
      INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 200000) g`)
    const { proposals, skipped } = await once.discover({ timeoutMs: 1 })
    expect([proposals, skipped.map(({ table }) => table)]).toEqual([[], ['t']])
  })
})

test.each([
  [{ limit: -1 }, 'limit'],
  [{ limit: 1.5 }, 'limit'],
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ schema: 3 }, 'schema'],
])('the options %j are refused', async (options, name) => {
  const refused = once.discover(options as object)
  await expect(refused).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  await expect(refused).rejects.toThrow(name)
})
