import { expect, test } from 'vitest'
import { testDatabase } from './database.ts'

test('each test database is empty, unique and gone after drop', async () => {
  const [first, second] = await Promise.all([testDatabase(), testDatabase()])
  try {
    await first.pool.query('CREATE TABLE only_here (id int)')
    const { rows } = await second.pool.query("SELECT to_regclass('only_here') AS found")
    expect(rows).toEqual([{ found: null }])
  } finally {
    await first.drop()
  }
  const { rows } = await second.pool.query('SELECT FROM pg_database WHERE datname = $1', [
    new URL(first.url).pathname.slice(1),
  ])
  expect(rows).toHaveLength(0)
  await second.drop()
})
