import { expect, test } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'

const whole = ({ text, values }: { text: string; values: readonly unknown[] }) => ({ text, values })

test('a value becomes a parameter, whatever it says', () => {
  const statement = sql`SELECT ${"'; DROP TABLE t; --"}, ${1}`
  expect(whole(statement)).toEqual({
    text: 'SELECT $1, $2',
    values: ["'; DROP TABLE t; --", 1],
  })
})

test('a nested statement is spliced in and its values are numbered on', () => {
  const inner = sql`b = ${2} AND c = ${3}`
  const statement = sql`SELECT ${1} WHERE ${inner} OR d = ${4}`
  expect(whole(statement)).toEqual({
    text: 'SELECT $1 WHERE b = $2 AND c = $3 OR d = $4',
    values: [1, 2, 3, 4],
  })
})

test('the same fragment may stand in several places', () => {
  const one = sql`${'x'}::text`
  expect(whole(sql`${one} = ${one}`)).toEqual({
    text: '$1::text = $2::text',
    values: ['x', 'x'],
  })
})

test('an array is one parameter, and so is null', () => {
  expect(whole(sql`${[1, 2]} ${null}`)).toEqual({ text: '$1 $2', values: [[1, 2], null] })
})

test('undefined is refused: as NULL it would find nothing, without a word', () => {
  expect(() => sql`SELECT ${1}, ${undefined}`).toThrow('Value 2 of the query is undefined.')
})

test('a dollar sign or a question mark in the text stays as it is', () => {
  expect(sql`SELECT '$1', data ? 'key', ${1}`.text).toBe("SELECT '$1', data ? 'key', $1")
})

test('join puts the separator between and nothing around', () => {
  const parts = [sql`a = ${1}`, sql`b = ${2}`, sql`c = ${3}`]
  expect(whole(sql.join(parts, ' AND '))).toEqual({
    text: 'a = $1 AND b = $2 AND c = $3',
    values: [1, 2, 3],
  })
  expect(sql.join([]).text).toBe('')
  expect(sql.join([sql`a`]).text).toBe('a')
})

test('identifiers are quoted one by one', () => {
  expect(sql`SELECT FROM ${sql.identifier('My schema', 'ta"ble')}`.text).toBe(
    'SELECT FROM "My schema"."ta""ble"',
  )
})

test('an identifier with a value beside it keeps the numbering', () => {
  expect(whole(sql`${sql.identifier('a')} = ${1} AND ${sql.raw('b')} = ${2}`)).toEqual({
    text: '"a" = $1 AND b = $2',
    values: [1, 2],
  })
})
