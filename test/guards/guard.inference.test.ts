import {
  column,
  date,
  expression,
  type Guard,
  guard,
  int,
  type KeyOf,
  type Onceover,
  oneOf,
  type RowOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from 'onceover'
import { expectTypeOf, test } from 'vitest'

const sessions = guard('sessions', {
  table: 'sessions',
  key: {
    day: date(),
    start: time({ nulls: 'reject' }),
    at: timestamp(),
    teacher: uuid({ nulls: 'equal' }),
    room: int(),
    name: text({ trim: true, nulls: 'equal' }),
    status: oneOf('OPEN', 'CLOSED'),
    days: set(),
    slug: expression('lower(name)'),
    code: expression('upper(code)', { nulls: 'equal' }),
  },
})

type Key = KeyOf<typeof sessions>
type SessionRow = RowOf<typeof sessions>

const row: SessionRow = {
  day: '2025-10-23',
  start: '20:00',
  at: new Date(0),
  teacher: null,
  room: 1n,
  name: 'a',
  status: 'OPEN',
  days: [1, 3],
}

test('the type of a key has the type of each part', () => {
  expectTypeOf<Key['day']>().toEqualTypeOf<string>()
  expectTypeOf<Key['start']>().toEqualTypeOf<string>()
  expectTypeOf<Key['at']>().toEqualTypeOf<string | Date>()
  expectTypeOf<Key['room']>().toEqualTypeOf<number | bigint>()
  expectTypeOf<Key['days']>().toEqualTypeOf<readonly (string | number | boolean)[]>()
})

test('null belongs to the type of a part that admits it, and to no other', () => {
  expectTypeOf<Key['teacher']>().toEqualTypeOf<string | null>()
  expectTypeOf<Key['name']>().toEqualTypeOf<string | null>()
  expectTypeOf<null>().not.toExtend<Key['day']>()
})

test('oneOf is a union of its values', () => {
  expectTypeOf<Key['status']>().toEqualTypeOf<'OPEN' | 'CLOSED'>()
})

test('an expression is part of the key with a value that only PostgreSQL knows', () => {
  expectTypeOf<Key['slug']>().toEqualTypeOf<unknown>()
  expectTypeOf<Key['code']>().toEqualTypeOf<unknown>()
})

test('a row has the columns of the key, any others, and nothing for an expression', () => {
  expectTypeOf(row).toExtend<SessionRow>()
  expectTypeOf({ ...row, note: 'x', amount: 1 }).toExtend<SessionRow>()
  expectTypeOf<'slug' extends keyof SessionRow ? unknown : never>().toBeUnknown()
  expectTypeOf<SessionRow['slug']>().toEqualTypeOf<unknown>()
})

const rows = (...given: readonly SessionRow[]) => given

test('wrong rows are refused by the compiler', () => {
  const { day: _, ...without } = row
  // @ts-expect-error a part is missing
  rows(without)
  // @ts-expect-error a date is a text
  rows({ ...row, day: new Date() })
  // @ts-expect-error NULL is rejected here
  rows({ ...row, start: null })
  // @ts-expect-error none of the values
  rows({ ...row, status: 'open' })
  // @ts-expect-error a whole number is no text
  rows({ ...row, room: '1' })
  // @ts-expect-error a set is a list
  rows({ ...row, days: 'MON' })
})

test('wrong declarations are refused by the compiler', () => {
  const declare = () => {
    // @ts-expect-error no such option
    guard('g', { table: 't', key: { a: int() }, wehre: 'x' })
    // @ts-expect-error no such meaning of NULL
    guard('g', { table: 't', key: { a: int({ nulls: 'same' }) } })
    // @ts-expect-error a part is made by a call
    guard('g', { table: 't', key: { a: int } })
    // @ts-expect-error the table is missing
    guard('g', { key: { a: int() } })
  }
  expectTypeOf(declare).toBeFunction()
})

test('a key whose parts admit NULL by a variable admits it', () => {
  const nulls: 'reject' | 'equal' = 'equal' as 'reject' | 'equal'
  const loose = guard('g', { table: 't', key: { a: int({ nulls }) } })
  expectTypeOf<KeyOf<typeof loose>['a']>().toEqualTypeOf<number | bigint | null>()
})

test('column takes what JSON can say', () => {
  const any = guard('g', { table: 't', key: { a: column() } })
  expectTypeOf<{ a: { b: number } }>().toExtend<RowOf<typeof any>>()
  expectTypeOf<{ a: 1n }>().toExtend<RowOf<typeof any>>()
  expectTypeOf<{ a: null }>().not.toExtend<RowOf<typeof any>>()
})

test('every guard is a Guard, and its rows are rows of the method that takes it', () => {
  expectTypeOf(sessions).toExtend<Guard>()
  const insert = (once: Onceover) => once.insert(sessions, [row])
  expectTypeOf<Awaited<ReturnType<typeof insert>>['verdicts'][number]['key']>().toHaveProperty(
    'status',
  )
  const wrong = (once: Onceover) =>
    // @ts-expect-error the day is missing
    once.insertOne(sessions, { start: '20:00' })
  expectTypeOf(wrong).toBeFunction()
})

test('rows of a guard that is only known as a Guard are any rows', () => {
  expectTypeOf<RowOf<Guard>>().toEqualTypeOf<
    { readonly [x: string]: unknown } & Readonly<Record<string, unknown>>
  >()
})

interface DayRow {
  day: string
  note?: string
}

test('rows may be of an interface, which has no index signature', () => {
  const days = guard('days', { table: 'days', key: { day: date() } })
  const insert = (once: Onceover, rows: readonly DayRow[]) => once.insert(days, rows)
  expectTypeOf(insert).toBeFunction()
})

test('a literal with columns besides the key is a row, also where a part is one of a few', () => {
  const kinds = guard('kinds', { table: 'kinds', key: { kind: oneOf('a', 'b'), tags: set() } })
  const insert = (once: Onceover) =>
    once.insert(kinds, [
      { kind: 'a', tags: [1, 2], anything: 1 },
      { kind: 'b', tags: [] },
    ])
  const one = (once: Onceover) => once.insertOne(kinds, { kind: 'a', tags: [1], note: 'x' })
  // @ts-expect-error there is no kind c
  const wrong = (once: Onceover) => once.insertOne(kinds, { kind: 'c', tags: [1] })
  expectTypeOf([insert, one, wrong]).toBeArray()
})
