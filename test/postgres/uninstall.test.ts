import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { isMigrated } from '../../src/postgres/schema.ts'
import { uninstall } from '../../src/postgres/uninstall.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { fingerprint } from './schema-fingerprint.ts'

let db: TestDatabase
let database: Database

beforeEach(async () => {
  db = await testDatabase()
  database = openDatabase(db.url)
})
afterEach(async () => {
  await database.close()
  await db.drop()
})

const everything = async (): Promise<unknown> => {
  const { rows } = await db.pool.query(`
    SELECT 'class' AS catalogue, oid, relname AS name FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'proc', oid, proname FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'type', oid, typname FROM pg_type WHERE oid >= 16384
    UNION ALL SELECT 'namespace', oid, nspname FROM pg_namespace WHERE oid >= 16384
    UNION ALL SELECT 'constraint', oid, conname FROM pg_constraint WHERE oid >= 16384
    ORDER BY 1, 2`)
  return rows
}

test('leaves the database as if we had never been there', async () => {
  await db.pool.query(`
    CREATE TABLE orders (id int PRIMARY KEY, key text);
    CREATE FUNCTION onceover_fold(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
    CREATE UNIQUE INDEX ux_orders ON orders (onceover_fold(key))`)
  const before = await everything()
  await migrate(database)
  expect(await uninstall(database)).toEqual({ removed: true })
  expect(await everything()).toEqual(before)
})

test('does nothing where nothing of ours is', async () => {
  expect(await uninstall(database)).toEqual({ removed: false })
})

test('leaves a schema alone that has our name and is not ours', async () => {
  await db.pool.query('CREATE SCHEMA onceover; CREATE TABLE onceover.theirs (id int)')
  expect(await uninstall(database)).toEqual({ removed: false })
  await db.pool.query('SELECT FROM onceover.theirs')
})

test.each([
  ['a view', 'CREATE VIEW skips AS SELECT * FROM onceover.event', 'view public.skips'],
  [
    'a foreign key',
    'CREATE TABLE theirs (run uuid CONSTRAINT fk_run REFERENCES onceover.run)',
    'constraint fk_run',
  ],
  ['a table in our schema', 'CREATE TABLE onceover.theirs (id int)', 'onceover.theirs'],
  [
    'a trigger',
    `CREATE TABLE theirs (id int); CREATE TRIGGER keep BEFORE DELETE ON theirs
     EXECUTE FUNCTION onceover.refuse_change()`,
    'trigger keep',
  ],
])('refuses while %s of somebody else depends on us, and names it', async (_, ddl, name) => {
  await migrate(database)
  await db.pool.query(ddl)
  const before = await fingerprint(db.pool)
  await expect(uninstall(database)).rejects.toMatchObject({
    code: 'UNINSTALL_BLOCKED',
    exitCode: 4,
    message: expect.stringContaining(name),
    details: { dependents: [expect.stringContaining(name)] },
  })
  expect(await fingerprint(db.pool)).toBe(before)
  expect(await isMigrated(database.session)).toBe(true)
})

test('refuses a schema that a newer package made', async () => {
  await migrate(database)
  await db.pool.query(`INSERT INTO onceover.migration VALUES (999, '999_future', 'x')`)
  await expect(uninstall(database)).rejects.toMatchObject({ code: 'MIGRATION_NEWER' })
})

test('gives up with TIMEOUT rather than queue in front of every writer', async () => {
  await migrate(database)
  const reader = await db.pool.connect()
  await reader.query('BEGIN; SELECT count(*) FROM onceover.event')
  await expect(uninstall(database)).rejects.toMatchObject({
    code: 'TIMEOUT',
    fix: expect.stringMatching(/^End the open transactions/),
  })
  await reader.query('ROLLBACK')
  reader.release()
  expect(await uninstall(database)).toEqual({ removed: true })
})
