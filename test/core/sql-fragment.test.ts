import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refuseFragment } from '../../src/core/sql-fragment.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})

afterAll(() => db.drop())

test.each([
  ["a = ';'"],
  ["a = 'it''s; ('"],
  ["a = E'\\'; ('"],
  ["a = e'\\\\' AND b = ';'"],
  ["a = U&'\\0061;' AND b"],
  ['"a;b" = 1 AND "c""(" = 2'],
  ['a = $$;($$ AND b = $x$ $$; $x$'],
  ["a$b = 'c' AND a$$ = 1"],
  ["a ->> 'b' = 'c' AND (a[1] #> '{b,0}') IS NOT NULL AND d @> ARRAY[1, 2]"],
  ['a - -1 > 0 AND a / b * c > 0'],
])('%s is one piece of SQL', (sql) => {
  expect(refuseFragment(sql)).toBeUndefined()
})

test.each([
  ['a; b', 'has a semicolon'],
  ["a = 'x'; DROP TABLE b", 'has a semicolon'],
  ["a = '\\'; b'", 'has an open quote'],
  ["a = E'\\' AND b", 'has an open quote'],
  ['a = $x$ $y$', undefined],
  ['a = $x$; $y$', 'has a semicolon'],
  ['a$x$; b $x$', 'has a semicolon'],
  ['a -- b', 'has a comment'],
  ['a--1', 'has a comment'],
  ['a /* b */', 'has a comment'],
  ["a = '--' -- '", 'has a comment'],
  ['a) OR (b', 'has unbalanced parentheses'],
  ['(a', 'has unbalanced parentheses'],
  ['(a[1)]', 'has unbalanced parentheses'],
  ['a\0', 'contains a NUL character'],
  ['\ud800', 'contains a lone surrogate'],
])('%j is not: it %s', (sql, fault) => {
  expect(refuseFragment(sql)).toBe(fault)
})

const PIECES = [
  ...["'", "'", "''", '"', '$$', '$a$', '$b$', 'E', "E'", '\\', "\\'", ';', '(', ')', '--', '/*'],
  ...['*/', ' ', '\n', 'a', '1', ' AS x', ', 2', 'SELECT', "U&'", '|| ', "'x'"],
]

test('no piece that is accepted ends its statement, whatever PostgreSQL makes of it', async () => {
  const seen = { run: 0, refused: 0 }
  const client = await db.pool.connect()
  const sql = fc.array(fc.constantFrom(...PIECES), { maxLength: 8, size: 'max' })
  await fc.assert(
    fc.asyncProperty(sql, async (pieces) => {
      const fragment = pieces.join('')
      const statement = `SELECT (${fragment}); SELECT 'the end' AS mark`
      const answer: unknown = await client.query(statement).catch(() => undefined)
      const statements = Array.isArray(answer) ? answer.length : 0
      if (refuseFragment(fragment) === undefined) {
        seen.run++
        // None where it does not parse, which is for PostgreSQL to say.
        expect([fragment, statements]).toEqual([fragment, statements === 0 ? 0 : 2])
      } else seen.refused++
    }),
    { numRuns: 4000 },
  )
  client.release()
  expect(Math.min(seen.run, seen.refused)).toBeGreaterThan(50)
})
