import {
  column,
  date,
  type Guard,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  onceover,
  text,
  timestamp,
  type WholeGroup,
} from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(`
    CREATE TABLE visits (
      id int PRIMARY KEY, day date, room int, name text, at timestamptz, big bigint, doc json,
      tags int[], ratio float8, note varchar(4), copy int NOT NULL DEFAULT 0);
    INSERT INTO visits
    SELECT i, CASE WHEN i % 7 <> 0 THEN date '2025-01-01' + i % 5 END,
      CASE WHEN i % 11 <> 0 THEN i % 3 END, (ARRAY['Ana', 'ANA ', 'Zoë', NULL])[1 + i % 4],
      timestamptz '2025-01-01 00:00Z' + i % 6 * '1 h 0.000001 s'::interval,
      9007199254740993 + i % 3, json_build_object('i', i), ARRAY[i % 4, i % 2],
      CASE i % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE 0.1 * i END, 'n', 0
    FROM generate_series(1, 300) AS i`)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

type Options = Partial<GuardOptions<KeyParts>>

const visits = (options: Options = {}): Guard =>
  guard('visits', { table: 'visits', key: { day: date(), room: int() }, ...options })

/** All groups of a guard, read in pages, each by a session with another way to write dates. */
async function pages(of: Guard, limit: number): Promise<WholeGroup[]> {
  const groups: WholeGroup[] = []
  const styles = ['SQL, DMY', 'German', 'ISO, MDY', 'Postgres, MDY']
  for (let after: string | null | undefined; after !== null; ) {
    const client = new pg.Client(db.url)
    await client.connect()
    await client.query(
      `SET datestyle = '${styles[(groups.length / limit) % 4]}'; SET timezone = 'Asia/Tokyo'`,
    )
    const reader = await onceover({ db: client })
    const page = await reader.duplicates(of, { limit, ...(after && { after }) })
    expect(page.groups.length).toBeLessThanOrEqual(limit)
    groups.push(...page.groups)
    after = page.next
    await client.end()
  }
  return groups
}

const nulls = 'equal'
const keys: [name: string, options: Options][] = [
  ['of a date and a number', {}],
  ['with NULLs that are equal', { key: { day: date({ nulls }), room: int({ nulls }) } }],
  ['of folded texts', { key: { name: text({ trim: true, fold: true }), day: date() } }],
  ['of points in time', { key: { at: timestamp() } }],
  ['of large and of floating numbers', { key: { big: column(), ratio: column() } }],
  ['of arrays', { key: { tags: column() } }],
  ['with a where', { where: 'room > 0 OR name IS NULL' }],
]

describe('the duplicate groups of a key', () => {
  test.each(keys)('%s are those of a scan, each once, page by page', async (_, options) => {
    const of = visits(options)
    const [report] = await once.scan(of)
    const all = await pages(of, 4)
    expect(all.length).toBe(report?.duplicates.groups)
    expect(all.reduce((sum, { rows }) => sum + rows - 1, 0)).toBe(report?.duplicates.excess)
    expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(all.length)
    expect((await once.duplicates(of, { limit: 100 })).groups.map(({ key }) => key)).toEqual(
      all.map(({ key }) => key),
    )
    for (const { key, rows, keeper } of report?.duplicates.largest ?? []) {
      const group = all.find((each) => JSON.stringify(each.key) === JSON.stringify(key))
      expect(group).toMatchObject({ rows, keeper })
    }
  })

  test('come in the order of the key, with keeper and losers as whole rows', async () => {
    const page = await once.duplicates(visits({ keep: ['id desc'] }), { limit: 1 })
    expect(page).toMatchObject({
      guard: 'visits',
      table: 'public.visits',
      columns: 'id day room name at big doc tags ratio note copy'.split(' '),
      primaryKey: ['id'],
      keep: ['id desc', '"id"'],
      losersPolicy: 'delete',
    })
    const { rows } = await db.pool.query(`SELECT id::text FROM visits
      WHERE day = '2025-01-01' AND room = 0 ORDER BY visits.id DESC`)
    const [group] = page.groups
    expect(group?.key).toEqual({ day: '2025-01-01', room: 0 })
    expect([group?.keeper, ...(group?.losers ?? [])].map((row) => row?.id)).toEqual(
      rows.map(({ id }) => id),
    )
    expect(Object.keys(group?.keeper ?? {})).toEqual(page.columns)
    expect(page.next).toBe(group?.cursor)
  })

  test('say in which columns their rows differ, and lose no digit of a value', async () => {
    await db.pool.query(`CREATE TABLE wide (id int PRIMARY KEY, k int, big numeric, at timestamptz,
        doc json, same text, hole text, late int);
      INSERT INTO wide SELECT i, 1, 12345678901234567890.10, '2025-01-01T00:00:00.000001Z',
        '{"a":  1e400}', 'x', CASE i WHEN 3 THEN '' END, i / 30 FROM generate_series(1, 30) AS i`)
    const page = await once.duplicates(guard('wide', { table: 'wide', key: { k: int() } }))
    expect(page.groups).toMatchObject([
      {
        rows: 30,
        keeper: {
          id: '1',
          big: '12345678901234567890.10',
          at: '2025-01-01T00:00:00.000001Z',
          doc: '{"a":  1e400}',
          hole: null,
        },
        // The 22nd row and those after it are not shown; the last one differs in `late`.
        differs: ['id', 'hole', 'late'],
      },
    ])
    expect(page.groups[0]?.losers).toHaveLength(20)
    expect(page.next).toBeNull()
  })

  test('hold rows of one copy only, where duplicates were allowed', async () => {
    await db.pool.query(`CREATE TABLE jobs (id int PRIMARY KEY, k int, copy int NOT NULL);
      INSERT INTO jobs VALUES (1, 1, 0), (2, 1, 1), (3, 1, 1), (4, 1, 2), (5, 1, 2), (6, 2, 0)`)
    const jobs = guard('jobs', { table: 'jobs', key: { k: int() }, copies: 'copy' })
    const groups = await pages(jobs, 1)
    expect(groups.map(({ keeper, losers }) => [keeper.id, ...losers.map(({ id }) => id)])).toEqual([
      ['2', '3'],
      ['4', '5'],
    ])
  })

  test('are none where every key has one row', async () => {
    const page = await once.duplicates(visits({ key: { id: int() } }))
    expect(page).toMatchObject({ groups: [], next: null })
  })
})

describe('what cannot be read', () => {
  const cursor = (values: unknown) => Buffer.from(JSON.stringify(values)).toString('base64url')

  test.each([
    'nonsense',
    cursor(['2025-01-01']),
    cursor(['2025-01-01', 1]),
    cursor(['no day', '1']),
    cursor(['2025-01-01', '\0']),
  ])('a cursor %s is refused', async (after) => {
    await expect(once.duplicates(visits(), { after })).rejects.toMatchObject({ code: 'USAGE' })
  })

  test.each([0, 101, 1.5, Number.NaN])('a limit of %d is refused', async (limit) => {
    await expect(once.duplicates(visits(), { limit })).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('a table of which policies hide rows is refused', async () => {
    const role = `visitor_${process.pid}`
    await db.pool.query(`CREATE ROLE ${role}; CREATE TABLE tenants (id int PRIMARY KEY, v int);
      ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; GRANT SELECT ON tenants TO ${role}`)
    const client = new pg.Client(db.url)
    await client.connect()
    await client.query(`SET ROLE ${role}`)
    const reader = await onceover({ db: client })
    const tenants = guard('tenants', { table: 'tenants', key: { v: int() } })
    await expect(reader.duplicates(tenants)).rejects.toMatchObject({ code: 'RLS_HIDES_ROWS' })
    await client.end()
    await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
})
