import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quoteIdentifier, quoteLiteral } from '../../src/postgres/identifier.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

describe('quoteIdentifier', () => {
  test.each([
    ['empty', ''],
    ['64 bytes', 'x'.repeat(64)],
    ['64 bytes in 32 characters', 'é'.repeat(32)],
    ['a NUL', 'a\0b'],
    ['a lone surrogate', 'a\ud800'],
  ])('refuses a name that is %s', (_, name) => {
    expect(() => quoteIdentifier(name)).toThrow(
      expect.objectContaining({ code: 'IDENTIFIER_INVALID' }),
    )
  })

  test.each(['a', 'x'.repeat(63), 'select', 'a"b', 'A b', '日付', 'a.b', '$1', "a'b", '\\'])(
    'PostgreSQL reads %j back as the same name',
    async (name) => {
      const { fields } = await db.pool.query(`SELECT 1 AS ${quoteIdentifier(name)}`)
      expect(fields.map((field) => field.name)).toEqual([name])
    },
  )
})

describe('quoteLiteral', () => {
  const unit = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))

  test.each(['on', 'off'])(
    'PostgreSQL reads any text back as it was with standard_conforming_strings %s',
    async (setting) => {
      const client = await db.pool.connect()
      await client.query(`SET standard_conforming_strings = ${setting}`)
      const property = fc.asyncProperty(unit, async (text) => {
        const { rows } = await client.query(`SELECT${quoteLiteral(text)} AS read`)
        expect(rows).toEqual([{ read: text }])
      })
      await fc.assert(property, { numRuns: 200 })
      await client.query('RESET standard_conforming_strings')
      client.release()
    },
  )

  test.each(["it's", "\\'; DROP TABLE t; --", '\\', "''", ''])('reads %j back', async (text) => {
    const { rows } = await db.pool.query(`SELECT ${quoteLiteral(text)} AS read`)
    expect(rows).toEqual([{ read: text }])
  })
})
