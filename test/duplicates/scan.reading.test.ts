import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guard, int, onceover, text } from 'onceover'
import { type EmbeddedServer, startServer } from 'onceover/embedded'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicDirectory } from '../embedded/installation.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const TABLE = `
  CREATE TABLE visits (id int PRIMARY KEY, day int NOT NULL, name text);
  INSERT INTO visits SELECT i, i % 100, 'Name ' || i % 7 FROM generate_series(1, 1000) AS i;
  CREATE UNIQUE INDEX narrower ON visits (id) WHERE day > 0`

const visits = guard('visits', {
  table: 'visits',
  key: { day: int(), name: text() },
  where: 'day <> 5',
  unfinished: "name = 'Name 1'",
})

const EXPECTED = { rows: 990, duplicates: { groups: 297, excess: 297 } }

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(TABLE)
})

afterAll(() => db.drop())

/** A connection whose statements are seen. */
async function watched(seen: (text: string, rows: number) => Promise<void>): Promise<pg.Client> {
  const client = new pg.Client(db.url)
  await client.connect()
  const query = client.query.bind(client) as (...given: unknown[]) => Promise<pg.QueryResult>
  const watch = async (...given: unknown[]) => {
    const answer = await query(...given)
    await seen(String(given[0]), answer.rows?.length ?? 0)
    return answer
  }
  return Object.assign(client, { query: watch })
}

describe('a table that changes during the scan', () => {
  test('is seen at one moment', async () => {
    const statements: string[] = []
    const client = await watched(async (text) => {
      statements.push(text)
      await db.pool.query('INSERT INTO visits SELECT max(id) + 1, 1, $1 FROM visits', ['Name 1'])
    })
    const before = await (await onceover({ db: db.pool })).scan(visits)
    const [during] = await (await onceover({ db: client })).scan(visits)
    await client.end()
    // The snapshot is that of the first statement after BEGIN.
    const grown = Number(during?.rows) - Number(before[0]?.rows)
    expect(during?.rows).toBe(Number(before[0]?.rows) + 1)
    expect(during?.duplicates.excess).toBe(Number(before[0]?.duplicates.excess) + grown)
    expect(during?.unfinished).toBe(Number(before[0]?.unfinished) + grown)
    expect(statements.length).toBeGreaterThan(5)
    await db.pool.query('DELETE FROM visits WHERE id > 1000')
  })

  test('answers with figures, and never with its rows', async () => {
    let rows = 0
    const client = await watched(async (_, count) => {
      rows = Math.max(rows, count)
    })
    const [report] = await (await onceover({ db: client })).scan(visits)
    await client.end()
    expect(report).toMatchObject(EXPECTED)
    expect(rows).toBeLessThanOrEqual(3)
  })
})

describe('a role', () => {
  const role = `reader_${process.pid}`

  beforeAll(async () => {
    await db.pool.query(`CREATE ROLE ${role}; CREATE SCHEMA closed;
      CREATE TABLE closed.t (id int PRIMARY KEY);
      CREATE TABLE tenants (id int PRIMARY KEY, tenant text, v int);
      ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON tenants USING (tenant = current_user);
      GRANT SELECT ON visits, tenants TO ${role}`)
  })

  afterAll(() => db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))

  const scanAs = async (made: Parameters<typeof scanOn>[1], setting = '') => {
    const client = new pg.Client(db.url)
    await client.connect()
    try {
      await client.query(`SET ROLE ${role}; ${setting}`)
      return await scanOn(client, made)
    } finally {
      await client.end()
    }
  }

  test('that may only read, without a schema of ours, scans', async () => {
    const report = await scanAs(visits, 'SET default_transaction_read_only = on')
    expect(report).toMatchObject({ ...EXPECTED, coverage: { enforced: false } })
    expect(report?.findings.map(({ code }) => code)).toContain('not_enforced')
  })

  test('from which policies hide rows is refused', async () => {
    const tenants = guard('tenants', { table: 'tenants', key: { v: int() } })
    await expect(scanAs(tenants)).rejects.toMatchObject({ code: 'RLS_HIDES_ROWS', exitCode: 4 })
    await expect(scanAs(tenants, 'SET row_security = off')).rejects.toMatchObject({
      code: 'RLS_HIDES_ROWS',
    })
    const report = await scanOn(db.pool, tenants)
    expect(report?.rows).toBe(0)
  })

  test('that owns the table is refused where policies bind its owner too', async () => {
    await db.pool.query(`CREATE TABLE own_tenants (id int PRIMARY KEY, v int);
      ALTER TABLE own_tenants OWNER TO ${role};
      ALTER TABLE own_tenants ENABLE ROW LEVEL SECURITY;`)
    const own = guard('own', { table: 'own_tenants', key: { v: int() } })
    await expect(scanAs(own)).resolves.toMatchObject({ rows: 0 })
    await db.pool.query('ALTER TABLE own_tenants FORCE ROW LEVEL SECURITY')
    await expect(scanAs(own)).rejects.toMatchObject({
      code: 'RLS_HIDES_ROWS',
      fix: expect.stringContaining('bypasses row-level security'),
    })
    await expect(scanAs(own, 'SET row_security = off')).rejects.toMatchObject({
      code: 'RLS_HIDES_ROWS',
    })
  })

  test('that may not use a schema is refused', async () => {
    const closed = guard('closed', { table: 'closed.t', key: { id: int() } })
    await expect(scanAs(closed)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

async function scanOn(
  given: pg.Pool | pg.Client | string,
  made: typeof visits | ReturnType<typeof guard>,
) {
  const once = await onceover({ db: given })
  const [report] = await once.scan(made).finally(() => once.close())
  return report
}

describe('a server of its own', () => {
  let place: Awaited<ReturnType<typeof publicDirectory>>
  let directory: string
  let server: EmbeddedServer

  beforeAll(async () => {
    place = await publicDirectory()
    directory = join(place.path, 'data')
    server = await startServer({ dataDir: directory, settings: { autovacuum: false } })
    const client = new pg.Client(server.url)
    await client.connect()
    await client.query(TABLE)
    await client.end()
  })

  afterAll(async () => {
    await server.stop()
    await place.remove()
  })

  test('gives out no transaction id for a scan: nothing is written', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    const nextId = async () => {
      const { rows } = await pool.query(
        'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS id',
      )
      return rows[0].id
    }
    const before = await nextId()
    expect(await scanOn(pool, visits)).toMatchObject(EXPECTED)
    expect(await nextId()).toBe(before)
    await pool.end()
  })

  test('as a standby is scanned, and can be enforced only on its primary', async () => {
    await server.stop()
    const cluster = join(directory, 'cluster')
    const signal = join(cluster, 'standby.signal')
    const { uid, gid } = await stat(cluster)
    await writeFile(signal, '')
    await chown(signal, uid, gid)
    server = await startServer({ dataDir: directory })
    const client = new pg.Client(server.url)
    await client.connect()
    const { rows } = await client.query('SELECT pg_is_in_recovery() AS standby')
    await client.end()
    expect(rows).toEqual([{ standby: true }])
    const report = await scanOn(server.url, visits)
    expect(report).toMatchObject({ ...EXPECTED, coverage: { enforced: false } })
    const once = await onceover({ db: server.url })
    await expect(once.enforce(visits)).rejects.toMatchObject({ code: 'READ_ONLY', exitCode: 4 })
    await once.close()
  })
})
