import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { race } from './processes.ts'
import type { Task } from './task.ts'
import { RACE_KEYS, TICKETS } from './tickets.ts'

const TIME_LIMIT_MS = 1_800_000

let db: TestDatabase
beforeEach(async () => {
  db = await testDatabase()
  const once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(TICKETS)
  await db.pool.query(`ALTER DATABASE ${new URL(db.url).pathname.slice(1)}
    SET deadlock_timeout = '50ms'`)
})
afterEach(() => db.drop())

const tasks = (how: Task['how'], more: Partial<Task> = {}): Task[] =>
  Array.from({ length: 6 }, (_, seed) => ({ url: db.url, how, seed, count: RACE_KEYS, ...more }))

// Processes that write the same keys in orders of their own, each in one transaction that nobody
// runs again: a deadlock would reach the test.
describe('one call of more rows than a chunk', () => {
  test(
    'never ends in a deadlock with another',
    async () => {
      await race(tasks('handle'))
      const { rows } = await db.pool.query('SELECT count(*)::int FROM ticket')
      expect(rows).toEqual([{ count: RACE_KEYS }])
    },
    TIME_LIMIT_MS,
  )

  test(
    'never does so where it replaces, whether the rows stand or not',
    async () => {
      await race(tasks('handle', { onDuplicate: 'replace' }))
      await race(tasks('handle', { onDuplicate: 'replace' }))
      const { rows } = await db.pool.query('SELECT count(*)::int FROM ticket')
      expect(rows).toEqual([{ count: RACE_KEYS }])
    },
    TIME_LIMIT_MS,
  )

  test(
    'could do so: the same rows in no order do',
    async () => {
      const rounds = 10
      for (let round = 0; round < rounds; round++) {
        const outcome = await race(tasks('unsorted')).then(
          () => 'none',
          ({ message }: Error) => message,
        )
        if (outcome !== 'none') {
          expect(outcome).toMatch(/^40P01: deadlock detected/)
          return
        }
        await db.pool.query('TRUNCATE ticket')
      }
      throw new Error(`no deadlock in ${rounds} rounds: the tests above show nothing`)
    },
    TIME_LIMIT_MS,
  )
})
