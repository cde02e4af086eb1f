import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { migrate, migrationSql } from '../../src/postgres/migrate.ts'
import { readMigrations } from '../../src/postgres/migrations.ts'
import { isMigrated, requireServer } from '../../src/postgres/schema.ts'
import { uninstall } from '../../src/postgres/uninstall.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { fingerprint } from './schema-fingerprint.ts'

const run = promisify(execFile)
const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
)

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

/** A role that may log in to this test's database; gone with `drop`. */
const withRole = async (work: (url: string, role: string) => Promise<void>): Promise<void> => {
  const role = `${new URL(db.url).pathname.slice(1)}_role`
  await db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
  const url = new URL(db.url)
  url.username = role
  url.password = 'secret'
  try {
    await work(url.href, role)
  } finally {
    await db.pool.query(`DROP OWNED BY ${role} CASCADE`)
    await db.pool.query(`DROP ROLE ${role}`)
  }
}

describe('migrate', () => {
  test('brings an empty database to the newest version and records each migration', async () => {
    const known = await readMigrations()
    const names = known.map(({ name }) => name)
    expect(await isMigrated(database.session)).toBe(false)
    expect(await migrate(database)).toEqual({ from: 0, to: known.length, applied: names })
    expect(await isMigrated(database.session)).toBe(true)
    const { rows } = await db.pool.query(
      `SELECT version, name, checksum, applied_at <= clock_timestamp() AS past
       FROM onceover.migration ORDER BY version`,
    )
    expect(rows).toEqual(
      known.map(({ version, name, checksum }) => ({ version, name, checksum, past: true })),
    )
  })

  test('does nothing the second time', async () => {
    await migrate(database)
    const before = await fingerprint(db.pool)
    const { from, to, applied } = await migrate(database)
    expect({ same: from === to, applied }).toEqual({ same: true, applied: [] })
    expect(await fingerprint(db.pool)).toBe(before)
  })

  test('applies each migration once when twelve start at the same moment', async () => {
    const databases = Array.from({ length: 12 }, () => openDatabase(db.url))
    const results = await Promise.all(databases.map((each) => migrate(each)))
    await Promise.all(databases.map((each) => each.close()))
    expect(results.flatMap(({ applied }) => applied)).toEqual(
      (await readMigrations()).map(({ name }) => name),
    )
  })

  test('refuses a database that a newer package migrated, and changes nothing', async () => {
    await migrate(database)
    await db.pool.query(`INSERT INTO onceover.migration VALUES (999, '999_future', 'x')`)
    await expect(migrate(database)).rejects.toMatchObject({
      code: 'MIGRATION_NEWER',
      exitCode: 4,
      details: { version: 999 },
    })
  })

  test('refuses a migration that was applied with another text', async () => {
    await migrate(database)
    await db.pool.query(`UPDATE onceover.migration SET checksum = 'other' WHERE version = 1`)
    await expect(migrate(database)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
  })

  test('keeps nothing of a migration that fails half-way', async () => {
    await db.pool.query('CREATE SCHEMA onceover; CREATE TABLE onceover.event (id int)')
    const before = await fingerprint(db.pool)
    await expect(migrate(database)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { migration: '001_schema', sqlstate: '42P07' },
    })
    expect(await fingerprint(db.pool)).toBe(before)
  })

  test('is not led astray by names on the search_path', async () => {
    await db.pool.query('CREATE SCHEMA evil; CREATE DOMAIN evil.text AS int')
    const url = `${db.url}?options=-c%20search_path%3Devil,pg_catalog`
    const led = openDatabase(url)
    await migrate(led)
    await led.close()
    const { rows } = await db.pool.query(
      `SELECT atttypid::regtype::text AS type FROM pg_attribute
       WHERE attrelid = 'onceover.event'::regclass AND attname = 'guard'`,
    )
    expect(rows).toEqual([{ type: 'text' }])
  })

  test('says READ_ONLY where the connection may not write', async () => {
    const readOnly = openDatabase(`${db.url}?options=-c%20default_transaction_read_only%3Don`)
    await expect(migrate(readOnly)).rejects.toMatchObject({ code: 'READ_ONLY', exitCode: 4 })
    await readOnly.close()
    expect(await isMigrated(database.session)).toBe(false)
  })

  test('says PERMISSION_DENIED where the role may not create a schema', async () => {
    await withRole(async (url) => {
      const limited = openDatabase(url)
      await expect(migrate(limited)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
      await limited.close()
    })
  })

  test('uses the schema that an administrator made for a role that may not make one', async () => {
    await withRole(async (url, role) => {
      await db.pool.query(`CREATE SCHEMA onceover AUTHORIZATION ${role}`)
      const limited = openDatabase(url)
      await expect(migrate(limited)).resolves.toMatchObject({ from: 0 })
      await limited.close()
    })
  })

  test('tells a role without any privilege that the schema is there', async () => {
    await migrate(database)
    await withRole(async (url) => {
      const stranger = openDatabase(url)
      expect(await isMigrated(stranger.session)).toBe(true)
      await stranger.close()
    })
  })

  test('refuses a server that is too old', async () => {
    await expect(requireServer(database.session)).resolves.toBeUndefined()
    await expect(requireServer(database.session, 990_000)).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      message: expect.stringContaining('99 or later'),
    })
  })
})

describe('migrationSql', () => {
  test('leaves the state that migrate leaves', async () => {
    await db.pool.query(await migrationSql())
    const printed = await fingerprint(db.pool)
    expect(await migrate(database)).toMatchObject({ applied: [] })
    await uninstall(database)
    await migrate(database)
    expect(await fingerprint(db.pool)).toBe(printed)
  })

  test('changes nothing on a database that is migrated', async () => {
    await migrate(database)
    const before = await fingerprint(db.pool)
    const client = await db.pool.connect()
    await expect(client.query(await migrationSql())).rejects.toMatchObject({ code: '42P07' })
    client.release(true)
    expect(await fingerprint(db.pool)).toBe(before)
  })

  test.runIf(hasPsql)('is run by psql as it is, without a word on stderr', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onceover-psql-'))
    const file = join(directory, 'onceover.sql')
    await writeFile(file, await migrationSql())
    const { stderr } = await run('psql', ['--set', 'ON_ERROR_STOP=1', '--file', file, db.url])
    await rm(directory, { recursive: true })
    expect(stderr).toBe('')
    expect(await migrate(database)).toMatchObject({ applied: [] })
  })
})
