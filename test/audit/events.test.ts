import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EventFilter, events } from '../../src/audit/events.ts'
import type { VerdictName } from '../../src/core/verdict.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let database: Database

const RUN = '11111111-1111-4111-8111-111111111111'
const OTHER_RUN = '22222222-2222-4222-8222-222222222222'

beforeAll(async () => {
  db = await testDatabase()
  database = openDatabase(db.url)
  await migrate(database)
  await db.pool.query(
    `INSERT INTO onceover.event (at, run_id, guard, verdict, reason, actor, parts, keys, existing)
     VALUES
       (statement_timestamp() - interval '3 days', $1, 'orders', 'created', NULL, 'cron',
        '{id,day}', '[["9007199254740993", "2025-10-23"]]', NULL),
       (statement_timestamp() - interval '2 hours', $1, 'orders', 'skipped', 'exists', 'cron',
        '{id,day}', '[["1", "2025-10-24"], ["2", null]]', '[{"id": "17"}, {"id": "18"}]'),
       ('2001-02-03T04:05:06.789012Z', $2, 'lessons', 'invalid', 'day is null', NULL,
        '{"a b","c\\"d,e"}', '[["x", "y"]]', NULL)`,
    [RUN, OTHER_RUN],
  )
})
afterAll(async () => {
  await database.close()
  await db.drop()
})

const read = (filter?: EventFilter) => events(database.session, filter)

const found = async (filter: EventFilter): Promise<string[]> =>
  (await read(filter)).map(({ guard, verdict }) => `${guard} ${verdict}`)

describe('events', () => {
  test('come newest first', async () => {
    expect(await found({})).toEqual(['orders skipped', 'orders created', 'lessons invalid'])
  })

  test('are whole: times to the microsecond, big numbers as text, NULL as null', async () => {
    expect((await read({ guard: 'lessons' }))[0]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      at: '2001-02-03T04:05:06.789012Z',
      run: OTHER_RUN,
      guard: 'lessons',
      verdict: 'invalid',
      reason: 'day is null',
      actor: null,
      keys: [{ 'a b': 'x', 'c"d,e': 'y' }],
      existing: null,
      cursor: expect.any(String),
    })
    const [skipped, created] = await read({ guard: 'orders' })
    expect(created?.keys).toEqual([{ id: '9007199254740993', day: '2025-10-23' }])
    expect(skipped?.existing).toEqual([{ id: '17' }, { id: '18' }])
  })

  test.each<[EventFilter, string[]]>([
    [{ guard: 'orders' }, ['orders skipped', 'orders created']],
    [{ guard: 'nobody' }, []],
    [{ verdict: 'skipped' }, ['orders skipped']],
    [{ run: OTHER_RUN }, ['lessons invalid']],
    [{ run: RUN.toUpperCase(), verdict: 'created' }, ['orders created']],
    [{ since: '1d' }, ['orders skipped']],
    [{ since: '1 week' }, ['orders skipped', 'orders created']],
    [{ until: '1d' }, ['orders created', 'lessons invalid']],
    [{ since: '1 week', until: '1d' }, ['orders created']],
    [{ since: '2001-02-03T04:05:06.789012Z', until: '2001-02-04' }, ['lessons invalid']],
    [{ limit: 1 }, ['orders skipped']],
    [{ limit: 0 }, []],
  ])('%j narrows them', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected)
  })

  test.each<[EventFilter, string]>([
    [{ since: 'yesterday-ish' }, '"yesterday-ish"'],
    [{ since: '' }, '""'],
    [{ since: '2025-13-45' }, '"2025-13-45"'],
    [{ since: '1d', until: '99999999999999 years' }, '"99999999999999 years"'],
    [{ verdict: 'skiped' as VerdictName }, '"skiped"'],
    [{ run: '17' }, '"17"'],
    [{ limit: -1 }, '-1'],
    [{ limit: 1.5 }, '1.5'],
  ])('%j is refused in words', async (filter, words) => {
    const call = read(filter)
    await expect(call).rejects.toMatchObject({ code: 'USAGE', exitCode: 64 })
    await expect(call).rejects.toThrow(words)
  })

  test('are limited to the newest thousand unless more are asked for', async () => {
    await db.pool.query(
      `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
       SELECT $1, 'many', 'created', '{n}', jsonb_build_array(jsonb_build_array(n::text))
       FROM generate_series(1, 1200) n`,
      [RUN],
    )
    const some = await read({ guard: 'many' })
    expect(some).toHaveLength(1000)
    expect(some[0]?.keys).toEqual([{ n: '1200' }])
    expect(await read({ guard: 'many', limit: 5000 })).toHaveLength(1200)
  })

  test('answer NOT_MIGRATED where our schema is missing', async () => {
    const empty = await testDatabase()
    await expect(events(openDatabase(empty.pool).session)).rejects.toMatchObject({
      code: 'NOT_MIGRATED',
    })
    await empty.drop()
  })
})

describe('the table of events', () => {
  test.each([
    `UPDATE onceover.event SET verdict = 'created'`,
    'DELETE FROM onceover.event',
    'DELETE FROM onceover.event WHERE false',
    'TRUNCATE onceover.event',
  ])('refuses %s, even to its owner', async (statement) => {
    await expect(db.pool.query(statement)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('append-only'),
    })
  })
})
