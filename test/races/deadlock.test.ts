import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Opened, open } from '../rows/lessons.ts'
import { race } from './processes.ts'
import type { Task } from './task.ts'
import { RACE_KEYS, TICKETS } from './tickets.ts'

const TIME_LIMIT_MS = 1_800_000

let opened: Opened
beforeEach(async () => {
  opened = await open(TICKETS)
  await opened.query(`ALTER DATABASE ${new URL(opened.db.url).pathname.slice(1)}
    SET deadlock_timeout = '50ms'`)
})
afterEach(() => opened.close())

const tasks = (how: Task['how'], more: Partial<Task> = {}): Task[] =>
  Array.from({ length: 6 }, (_, seed) => ({
    url: opened.db.url,
    how,
    seed,
    count: RACE_KEYS,
    ...more,
  }))

// Processes that write the same keys in orders of their own, each in one transaction that nobody
// runs again: a deadlock would reach the test.
describe('one call of more rows than a chunk', () => {
  test(
    'never ends in a deadlock with another',
    async () => {
      await race(tasks('handle'))
      const rows = await opened.query('SELECT count(*)::int FROM ticket')
      expect(rows).toEqual([{ count: RACE_KEYS }])
    },
    TIME_LIMIT_MS,
  )

  test(
    'never does so where it replaces, whether the rows stand or not',
    async () => {
      await race(tasks('handle', { onDuplicate: 'replace' }))
      await race(tasks('handle', { onDuplicate: 'replace' }))
      const rows = await opened.query('SELECT count(*)::int FROM ticket')
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
        await opened.query('TRUNCATE ticket')
      }
      throw new Error(`no deadlock in ${rounds} rounds: the tests above show nothing`)
    },
    TIME_LIMIT_MS,
  )
})
