import { guard, type Onceover, onceover, set } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(`CREATE SCHEMA school; CREATE SCHEMA "Other School";
    CREATE TABLE school.visits (id int PRIMARY KEY, days int[], names text[], doc jsonb);
    CREATE TABLE "Other School".visits (id int PRIMARY KEY, days int[], doc jsonb)`)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const functions = async () => {
  const { rows } = await db.pool.query(`SELECT n.nspname || '.' || p.oid::regprocedure AS name
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname = 'onceover_set' ORDER BY 1`)
  return rows.map(({ name }) => name)
}

const visits = (name: string, column: string, schema = 'school') =>
  guard(name, { table: `${schema}.visits`, key: { [column]: set() } })

describe('the functions of a set', () => {
  test('are made beside the table: the one that its type needs, once', async () => {
    const days = await once.enforce(visits('days', 'days'))
    expect(days.ddl).toMatch(
      /^CREATE FUNCTION "school".onceover_set\(value anyarray\)[\s\S]*;\nCREATE UN/,
    )
    expect(await functions()).toEqual(['school.school.onceover_set(anyarray)'])
    const names = await once.enforce(visits('names', 'names'))
    expect(names.ddl).not.toContain('FUNCTION')
    const doc = await once.enforce(visits('doc', 'doc'))
    expect(doc.ddl).toContain('onceover_set(value jsonb)')
    expect(await functions()).toHaveLength(2)
  })

  test('stay when Onceover goes, and the index with them', async () => {
    await once.migrate()
    await once.uninstall()
    expect(await functions()).toHaveLength(2)
    await db.pool.query("INSERT INTO school.visits (id, days) VALUES (1, '{3,1}')")
    const again = db.pool.query("INSERT INTO school.visits (id, days) VALUES (2, '{1,3,1}')")
    await expect(again).rejects.toThrow(/duplicate key/)
  })

  test('work in an index that is built under another search path', async () => {
    await db.pool.query(
      'SET search_path = pg_catalog; REINDEX TABLE school.visits; RESET search_path',
    )
    await db.pool.query('VACUUM ANALYZE school.visits')
  })

  test('are never replaced: another of the name is left, and refused', async () => {
    await db.pool.query(`CREATE FUNCTION "Other School".onceover_set(value jsonb) RETURNS jsonb
      LANGUAGE sql IMMUTABLE AS $$ SELECT value $$`)
    await expect(once.enforce(visits('doc', 'doc', '"Other School"'))).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCEABLE',
      message: expect.stringContaining('another one stands in the schema Other School'),
    })
    expect(await once.enforce(visits('days', 'days', '"Other School"'))).toMatchObject({
      created: true,
    })
    const { rows } = await db.pool.query(`SELECT prosrc FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE nspname = 'Other School' AND proargtypes[0] = 'jsonb'::regtype`)
    expect(rows).toEqual([{ prosrc: ' SELECT value ' }])
  })

  test('are not needed to scan', async () => {
    await db.pool.query(`CREATE TABLE unmade (id int PRIMARY KEY, days int[]);
      INSERT INTO unmade
      VALUES (1, '{1,2}'), (2, '{2,1,1}'), (3, '{}'), (4, NULL), (5, '{NULL,1}')`)
    const [report] = await once.scan(guard('u', { table: 'unmade', key: { days: set() } }))
    expect(report).toMatchObject({
      rows: 5,
      duplicates: { groups: 1, excess: 1 },
      parts: [{ nulls: 1 }],
    })
    expect(report?.duplicates.largest[0]?.key).toEqual({ days: [1, 2] })
  })
})
