import {
  date,
  type Finding,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  onceover,
} from 'onceover'
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

/** The findings of a scan of a new table; `$t` stands for its name in the DDL. */
async function findings(
  ddl: string,
  options: Partial<GuardOptions<KeyParts>> = {},
): Promise<readonly Finding[]> {
  const table = `Table ${++tables}`
  const columns = 'id int, day date, room int, note text, PRIMARY KEY (id)'
  const sql = `CREATE TABLE "$t" (${columns}); ${ddl}`
  await db.pool.query(sql.replaceAll('$t', table))
  const key = { day: date(), room: int() }
  const [report] = await once.scan(guard('g', { table, key, ...options }))
  return report?.findings ?? []
}

const ENFORCED = 'CREATE UNIQUE INDEX "$t i" ON "$t" (day, room)'
const TWICE = "INSERT INTO \"$t\" VALUES (1, '2025-01-01', 1), (2, '2025-01-01', 1)"

test('a table that is enforced and sound has no findings', async () => {
  expect(await findings(ENFORCED)).toEqual([])
})

test('duplicates and a missing index are found together', async () => {
  expect(await findings(TWICE)).toEqual([
    {
      code: 'duplicates',
      message: '1 key with 1 excess row.',
      fix: expect.stringContaining('Keep the first row'),
    },
    {
      code: 'not_enforced',
      message: 'No valid unique index covers the key: nothing stops the next duplicate.',
      fix: 'Run `onceover enforce` once the duplicates are gone.',
    },
  ])
})

test('what no index can enforce is said with its reason, not advised to be', async () => {
  const [finding] = await findings('', { where: 'day > current_date' })
  expect(finding?.code).toBe('not_enforced')
  expect(finding?.message).toContain('`where` is not immutable')
  expect(finding?.fix).not.toContain('onceover enforce')
})

test('an invalid index is named so that its fix can be run as it stands', async () => {
  const table = `Table ${tables + 1}`
  await findings(TWICE)
  const build = `CREATE UNIQUE INDEX CONCURRENTLY "An Index" ON "${table}" (day, room)`
  await expect(db.pool.query(build)).rejects.toThrow(/could not create/)
  const scan = () =>
    once.scan(guard('g', { table, key: { day: date(), room: int() } })).then(([report]) => report)
  const found = (await scan())?.findings.find(({ code }) => code === 'invalid_index')
  expect(found?.message).toContain('public."An Index" is invalid')
  await db.pool.query(found?.fix.split(';')[0] ?? '')
  expect((await scan())?.findings.map(({ code }) => code)).toEqual(['duplicates', 'not_enforced'])
})

describe('an index that enforces nothing', () => {
  const invalid = async (ddl: string) =>
    (await findings(ddl)).filter(({ code }) => code === 'invalid_index')
  const flags = (ready: boolean) =>
    `UPDATE pg_index SET indisvalid = false, indisready = ${ready}
      WHERE indexrelid = '"$t i"'::regclass`

  test('is said to refuse what is new where it is ready', async () => {
    expect(await invalid(`${ENFORCED}; ${flags(true)}`)).toMatchObject([
      { message: expect.stringContaining('refuses new duplicates with 23505') },
    ])
  })

  test('is said to be not ready where it refuses nothing', async () => {
    expect(await invalid(`${ENFORCED}; ${flags(false)}`)).toMatchObject([
      { message: expect.stringContaining('invalid and not ready') },
    ])
  })

  test.each([
    ['_ccnew', /REINDEX CONCURRENTLY that failed left behind/, /remove them, then REINDEX/],
    ['_ccnew1', /REINDEX CONCURRENTLY that failed left behind/, /remove them, then REINDEX/],
    ['_ccold', /REINDEX CONCURRENTLY replaced and did not drop/, /is complete/],
  ])('and is called …%s is named as what it is, with its fix', async (end, message, fix) => {
    const rename = `ALTER INDEX "$t i" RENAME TO "$t i${end}"`
    expect(await invalid(`${ENFORCED}; ${flags(true)}; ${rename}`)).toMatchObject([
      { message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
    ])
  })

  test('is left by REINDEX CONCURRENTLY over duplicates beside the index in use', async () => {
    const table = `Table ${tables + 1}`
    await findings(`${ENFORCED}; UPDATE pg_index SET indisready = false, indisvalid = false
      WHERE indexrelid = '"$t i"'::regclass; ${TWICE};
      UPDATE pg_index SET indisready = true, indisvalid = true
      WHERE indexrelid = '"$t i"'::regclass`)
    const rebuild = db.pool.query(`REINDEX INDEX CONCURRENTLY "${table} i"`)
    await expect(rebuild).rejects.toThrow(/could not create unique index/)
    const key = { day: date(), room: int() }
    const [report] = await once.scan(guard('g', { table, key }))
    expect(report?.findings.map(({ code }) => code)).toEqual(['duplicates', 'invalid_index'])
    expect(report?.findings[1]?.message).toContain(`"${table} i_ccnew"`)
  })
})

describe('a key without its tenant', () => {
  const rows = (column: string) => `ALTER TABLE "$t" ADD ${column};
    INSERT INTO "$t" VALUES (1, '2025-01-01', 1, '', 1), (2, '2025-01-01', 1, '', 2),
      (3, '2025-01-02', 1, '', 1), (4, '2025-01-02', 1, '', 1), (5, NULL, 1, '', 1),
      (6, NULL, 1, '', 2)`
  const missing = async (ddl: string, options: Partial<GuardOptions<KeyParts>> = {}) =>
    (await findings(ddl, options)).filter(({ code }) => code === 'tenant_missing')

  test.each([
    'school_id int NOT NULL',
    '"organisationId" int NOT NULL',
    'tenant_uuid int NOT NULL',
  ])('is found by the name of a column: %s', async (column) => {
    expect(await missing(rows(column))).toEqual([
      {
        code: 'tenant_missing',
        message: expect.stringContaining('rows of 1 duplicate group of 2 differ'),
        fix: expect.stringContaining('into the key'),
      },
    ])
  })

  test('is found by a foreign key that most other unique indexes hold', async () => {
    const owners = 'CREATE TABLE "$t owners" (id int PRIMARY KEY)'
    const owned = `${owners}; INSERT INTO "$t owners" VALUES (1), (2);
      ${rows('owner int REFERENCES "$t owners"')}`
    expect(await missing(owned)).toEqual([])
    const keyed = `${owned}; CREATE UNIQUE INDEX ON "$t" (owner, id)`
    expect((await missing(keyed))[0]?.message).toContain('The key lacks owner')
  })

  test('is none where the duplicates agree, or the column may be NULL', async () => {
    const agreed = `${rows('school_id int NOT NULL')}; UPDATE "$t" SET school_id = 1`
    expect(await missing(agreed)).toEqual([])
    expect(await missing(rows('school_id int'))).toEqual([])
    expect(await missing(rows('note_id int NOT NULL'))).toEqual([])
  })

  test('is none where the key reads it', async () => {
    const key = { day: date(), room: int(), school_id: int() }
    expect(await missing(rows('school_id int NOT NULL'), { key })).toEqual([])
  })
})

describe('an index that looks like the guard', () => {
  const shadow = async (ddl: string) =>
    (await findings(ddl)).filter(({ code }) => code === 'shadowing_index')

  test.each([
    ['narrower', 'CREATE UNIQUE INDEX i1 ON "$t" (room)', /narrower than the key: it rejects rows/],
    ['wider', 'CREATE UNIQUE INDEX i2 ON "$t" (room, day, note)', /wider than the key: it admits/],
    ['partial', 'CREATE UNIQUE INDEX i3 ON "$t" (room, day) WHERE room > 1', /some rows only/],
    ['unusable', 'ALTER TABLE "$t" ADD CONSTRAINT i4 UNIQUE (day, room) DEFERRABLE', /of no use/],
  ])('and is %s is found', async (_, ddl, says) => {
    expect(await shadow(ddl)).toEqual([
      { code: 'shadowing_index', message: expect.stringMatching(says), fix: expect.any(String) },
    ])
  })

  test('and admits too much is none beside one that enforces the guard', async () => {
    expect(await shadow(`${ENFORCED}; CREATE UNIQUE INDEX i5 ON "$t" (room, day, note)`)).toEqual(
      [],
    )
  })

  test('and rejects too much is one beside one that enforces the guard', async () => {
    expect(await shadow(`${ENFORCED}; CREATE UNIQUE INDEX i6 ON "$t" (day)`)).toHaveLength(1)
  })
})
