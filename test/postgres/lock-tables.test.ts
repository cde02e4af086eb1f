import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { alteredBy } from '../../src/postgres/lock-tables.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { readMigrations } from '../../src/postgres/migrations.ts'
import { applying, CREATE_MIGRATION, CREATE_SCHEMA } from '../../src/postgres/schema.ts'
import { until } from '../runs/workshop.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

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

async function isWaiting(): Promise<boolean> {
  const { rows } = await db.pool.query(`SELECT FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
  return rows.length > 0
}

test('a schema that is in use is migrated without a deadlock', async () => {
  const old = (await readMigrations()).slice(0, 3)
  const texts = [CREATE_SCHEMA, CREATE_MIGRATION, ...old.map(applying)]
  await db.pool.query(texts.join('\n'))
  const worker = await db.pool.connect()
  try {
    await worker.query('BEGIN; LOCK onceover.event, onceover.run IN ROW EXCLUSIVE MODE')
    const migrated = migrate(database)
    await until(isWaiting)
    await worker.query('LOCK onceover.claim IN ROW EXCLUSIVE MODE')
    await worker.query('COMMIT')
    expect((await migrated).from).toBe(3)
  } finally {
    worker.release()
  }
})

test('the tables that a migration alters are found in its text', () => {
  const text = `ALTER TABLE onceover.claim ADD COLUMN a text;
    COMMENT ON COLUMN onceover.claim.a IS 'on onceover.lease';
    DROP INDEX onceover.event_run; CREATE INDEX event_run ON onceover.event (run_id)`
  expect(alteredBy([text])).toEqual(['onceover.claim', 'onceover.event'])
})
