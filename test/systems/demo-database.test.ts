import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { throwAwayDatabases } from '../../systems/demo-database.ts'

async function existing(prefix: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: inject('serverUrl') })
  await client.connect()
  const text = 'SELECT FROM pg_database WHERE starts_with(datname, $1)'
  const { rowCount } = await client.query(text, [prefix])
  await client.end()
  return rowCount
}

test('every database is empty, its own, and dropped in the end', async () => {
  const databases = throwAwayDatabases(inject('serverUrl'))
  const url = await databases.create('one')
  expect(new URL(url).pathname).toBe(`/${databases.prefix}_one`)
  expect(await existing(databases.prefix)).toBe(1)
  await databases.dropAll()
  expect(await existing(databases.prefix)).toBe(0)
})

test('one that is being created when the demo ends is not left behind', async () => {
  const databases = throwAwayDatabases(inject('serverUrl'))
  const creation = databases.create('late')
  await databases.dropAll()
  await creation
  expect(await existing(databases.prefix)).toBe(0)
  await expect(databases.create('later')).rejects.toThrow('ending')
})

test('a role that may not create databases is told what to do', async () => {
  const admin = new pg.Client({ connectionString: inject('serverUrl') })
  await admin.connect()
  const role = `demo_role_${process.pid}`
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'demo'`)
  const url = new URL(inject('serverUrl'))
  url.username = role
  url.password = 'demo'
  await expect(throwAwayDatabases(url.href).create('none')).rejects.toThrow('Grant it CREATEDB')
  await admin.query(`DROP ROLE ${role}`)
  await admin.end()
})
