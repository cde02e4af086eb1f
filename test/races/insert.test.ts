import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { race } from './processes.ts'
import type { Task, Told } from './task.ts'
import { RACE_KEYS, shuffled, TICKETS, tickets } from './tickets.ts'

// In full: ONCEOVER_RACE_KEYS=50000 npm test -- test/races
const TIME_LIMIT_MS = 1_800_000

let opened: Opened
beforeEach(async () => {
  opened = await open(TICKETS)
})
afterEach(() => opened.close())

const tasks = (ways: string, more: Partial<Task> = {}): Task[] =>
  ways.split(' ').map((how, seed) => ({
    url: opened.db.url,
    how: how as Task['how'],
    seed,
    count: RACE_KEYS,
    ...more,
  }))

const query = (statement: string) => opened.query(statement)

const sum = (told: readonly Told[], name: 'created' | 'skipped' | 'replaced' | 'failed'): number =>
  told.reduce((total, each) => total + (each.kind === 'done' ? each.totals[name] : 0), 0)

const created = (told: readonly Told[]): number[] =>
  told
    .flatMap((each) => (each.kind === 'done' ? each.created : []))
    .sort((left, right) => left - right)

const everyNumber = () => shuffled(RACE_KEYS, 0).sort((left, right) => left - right)

const stored = async () =>
  (await query('SELECT number FROM ticket ORDER BY number')).map(({ number }) => number)

/** The numbers in the events of a verdict. */
const recorded = async (verdict: string): Promise<number[]> => {
  const events = await query(
    `SELECT (key ->> 0)::int AS number FROM onceover.event, json_array_elements(keys) AS key
     WHERE verdict = '${verdict}' ORDER BY 1`,
  )
  return events.map(({ number }) => Number(number))
}

describe('eight processes with the same keys, each in an order of its own', () => {
  test(
    'leave one row and say `created` once for each key, and none of them fails',
    async () => {
      const ways = 'array array array stream stream calls calls handle'
      const told = (await race(tasks(ways))).flat()
      expect(await stored()).toEqual(everyNumber())
      expect(created(told)).toEqual(everyNumber())
      expect(sum(told, 'skipped')).toBe(7 * RACE_KEYS)
      expect(await recorded('created')).toEqual(everyNumber())
      expect(await recorded('skipped')).toHaveLength(7 * RACE_KEYS)
    },
    TIME_LIMIT_MS,
  )

  test(
    'do so too where some of them select the rows',
    async () => {
      await query(`INSERT INTO wanted SELECT generate_series(0, ${RACE_KEYS - 1})`)
      const told = (
        await race(tasks('select array select stream select calls select array'))
      ).flat()
      expect(await stored()).toEqual(everyNumber())
      expect(sum(told, 'created')).toBe(RACE_KEYS)
      expect(sum(told, 'skipped')).toBe(7 * RACE_KEYS)
      expect(await recorded('created')).toEqual(everyNumber())
    },
    TIME_LIMIT_MS,
  )

  test(
    'do so too beside writers that know nothing of guards',
    async () => {
      const ways = 'array unaware stream unaware calls unaware array handle'
      const told = (await race(tasks(ways))).flat()
      expect(await stored()).toEqual(everyNumber())
      expect(created(told)).toEqual(everyNumber())
    },
    TIME_LIMIT_MS,
  )

  test(
    'say `created` once for each key where they replace',
    async () => {
      const ways = tasks('array calls stream array handle calls stream array', {
        onDuplicate: 'replace',
      })
      const told = (await race(ways)).flat()
      expect(await stored()).toEqual(everyNumber())
      expect(created(told)).toEqual(everyNumber())
      expect(sum(told, 'replaced')).toBe(7 * RACE_KEYS)
    },
    TIME_LIMIT_MS,
  )

  test(
    'make again what others delete, and count what stands',
    async () => {
      const ways = 'array delete stream delete calls delete calls array'
      const told = (await race(tasks(ways))).flat()
      const deleted = told.reduce(
        (all, each) => all + (each.kind === 'deleted' ? each.count : 0),
        0,
      )
      const standing = await stored()
      expect(new Set(standing).size).toBe(standing.length)
      expect(sum(told, 'created') - deleted).toBe(standing.length)
      const once = await onceover({ db: opened.db.pool })
      const rows = everyNumber().map((number) => ({ number }))
      const { totals } = await once.insert(tickets, rows)
      expect(totals.created + standing.length).toBe(RACE_KEYS)
    },
    TIME_LIMIT_MS,
  )
})

test(
  'two guards on one table, each with its own order, end in one row for each key',
  async () => {
    await query('CREATE UNIQUE INDEX ticket_holder ON ticket (holder)')
    const told = (await race(tasks('array holders calls holders'))).flat()
    expect(await stored()).toEqual(everyNumber())
    expect(sum(told, 'created')).toBe(RACE_KEYS)
    expect(sum(told, 'skipped')).toBe(3 * RACE_KEYS)
    expect(sum(told, 'failed')).toBe(0)
  },
  TIME_LIMIT_MS,
)
