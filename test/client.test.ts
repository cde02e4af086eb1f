import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OnceoverOptions, onceover } from '../src/client.ts'
import { int } from '../src/core/key-part.ts'
import type { Logger } from '../src/core/logger.ts'
import { type Guard, guard } from '../src/guards/guard.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'

const visits = guard('visits', { table: 'visits', key: { day: int() } })

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(
    'CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day int UNIQUE)',
  )
})
afterAll(() => db.drop())

// What JavaScript may pass where the types would not let TypeScript.
const untyped = <T>(value: unknown): T => value as T

const codeOf = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      () => 'none',
      (error: { name: string; code?: unknown }) => error.code ?? error.name,
    )

const drain = async (rows: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of rows);
}

describe('close', () => {
  test.each(['a URL', 'a pool'])('may be called again, on %s', async (input) => {
    const once = await onceover({ db: input === 'a URL' ? db.url : db.pool })
    await once.insert(visits, [])
    await Promise.all([once.close(), once.close()])
    await once.close()
  })

  test.each(['a URL', 'a pool'])('answers CLOSED to later calls, on %s', async (input) => {
    const once = await onceover({ db: input === 'a URL' ? db.url : db.pool })
    await once.close()
    const calls = [
      () => once.migrate(),
      () => once.uninstall(),
      () => once.transaction(async () => {}),
      () => once.inspect(visits),
      () => once.scan(visits),
      () => once.enforce(visits),
      () => once.insert(visits, [{ day: 1 }]),
      () => once.insertOne(visits, { day: 1 }),
      () => drain(once.insertStream(visits, [{ day: 1 }])),
      () => once.preview(visits, [{ day: 1 }]),
      () => once.events(),
    ]
    const codes = await Promise.all(calls.map(codeOf))
    expect(codes).toEqual(calls.map(() => 'CLOSED'))
  })
})

describe('a call that the types would refuse', () => {
  test.each([undefined, null, 'postgres://localhost', 5])(
    'onceover(%j) answers INPUT_INVALID',
    async (given) => {
      expect(await codeOf(() => onceover(untyped<OnceoverOptions>(given)))).toBe('INPUT_INVALID')
    },
  )

  test('onceover({}) answers HANDLE_INVALID', async () => {
    expect(await codeOf(() => onceover(untyped<OnceoverOptions>({})))).toBe('HANDLE_INVALID')
  })

  test.each([
    undefined,
    null,
    'visits',
    { table: 'visits' },
    { name: 'visits', table: 'visits', key: { day: int() } },
  ])('%j is no guard: every method answers GUARD_INVALID', async (given) => {
    const once = await onceover({ db: db.pool })
    const wrong = untyped<Guard>(given)
    const calls = [
      () => once.inspect(wrong),
      () => once.scan(wrong),
      () => once.scan([visits, wrong]),
      () => once.enforce(wrong),
      () => once.insert(wrong, []),
      () => once.insertOne(wrong, {}),
      () => drain(once.insertStream(wrong, [])),
      () => once.preview(wrong, []),
    ]
    const codes = await Promise.all(calls.map(codeOf))
    expect(codes).toEqual(calls.map(() => 'GUARD_INVALID'))
  })

  test('options that are no object answer INPUT_INVALID', async () => {
    const once = await onceover({ db: db.pool })
    const calls = [
      () => once.insert(visits, [], untyped<object>(null)),
      () => once.insertOne(visits, { day: 1 }, untyped<object>(5)),
      () => drain(once.insertStream(visits, [], untyped<object>('skip'))),
      () => once.preview(visits, [], untyped<object>(null)),
      () => once.events(untyped<object>(null)),
      () => once.transaction(async () => {}, untyped<object>(null)),
      () => once.transaction(untyped<() => Promise<void>>(undefined)),
    ]
    const codes = await Promise.all(calls.map(codeOf))
    expect(codes).toEqual(calls.map(() => 'INPUT_INVALID'))
  })
})

const fail = () => {
  throw new Error('disk full')
}

test.each<[string, unknown, number]>([
  ['throws', { debug: fail, info: fail, warn: fail, error: fail }, 101],
  ['lacks its levels', {}, 102],
  ['is no object', 5, 103],
])('a logger that %s takes nothing from a call that committed', async (_name, logger, day) => {
  const once = await onceover({ db: db.pool, logger: untyped<Logger>(logger) })
  expect((await once.insert(visits, [{ day }])).totals.created).toBe(1)
})
