import { afterAll, beforeAll, expect, test } from 'vitest'
import { expression, generator, guard, int, type Onceover, onceover, sql } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

test('a query names the columns that parts of the key are computed from', async () => {
  await db.pool.query(`CREATE TABLE members (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      school int NOT NULL, email text NOT NULL, code text NOT NULL,
      folded text GENERATED ALWAYS AS (lower(code)) STORED);
    CREATE UNIQUE INDEX ON members (school, lower(email), folded)`)
  const members = guard('members', {
    table: 'members',
    key: { school: int(), email: expression('lower(email)'), code: expression('folded') },
  })
  const made: unknown[] = []
  const welcome = generator(members, {
    expected: () => sql`SELECT 1 AS school, 'Ana@x.org' AS email, 'B' AS code, 'hi' AS words`,
    save: async (tx, { unit }) => {
      made.push(unit)
      await tx.query('INSERT INTO members (school, email, code) VALUES (1, $1, $2)', [
        'Ana@x.org',
        'B',
      ])
    },
  })
  const verdicts: unknown[] = []
  await once.run(welcome, {}, { onVerdicts: (heard) => verdicts.push(...heard) })
  expect(verdicts).toMatchObject([
    { verdict: 'created', key: { school: 1, email: 'ana@x.org', code: 'b' } },
  ])
  expect(made).toMatchObject([{ input: { words: 'hi' } }])
})
