import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, int } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE TABLE stock (id serial PRIMARY KEY, k int NOT NULL, qty int CHECK (qty > 0));
    CREATE UNIQUE INDEX stock_once ON stock (k)`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE stock, onceover.run RESTART IDENTITY'))

const stock = guard('stock', { table: 'stock', key: { k: int() }, show: ['qty'] })

describe('a row behind a bad one with its key', () => {
  test.each(['skip', 'replace'] as const)('is made all the same under %s', async (onDuplicate) => {
    const rows = [-1, -2, 5, 6].map((qty) => ({ k: 1, qty }))
    const { verdicts, run } = await opened.once.insert(stock, rows, { onDuplicate })
    expect(verdicts).toMatchObject([
      { verdict: 'failed', sqlstate: '23514' },
      { verdict: 'failed', sqlstate: '23514' },
      { verdict: 'created', row: { qty: 5 } },
      { verdict: 'collided', firstIndex: 2 },
    ])
    expect(await opened.query('SELECT k, qty FROM stock')).toEqual([{ k: 1, qty: 5 }])
    const events = await opened.once.events({ run: run ?? '' })
    const counted = events.map(({ verdict, keys }) => [verdict, keys.length])
    expect(Object.fromEntries(counted)).toEqual({ failed: 2, created: 1, collided: 1 })
  })

  test('is made across chunks', async () => {
    const others = Array.from({ length: 1500 }, (_, place) => ({ k: place + 2, qty: 1 }))
    const rows = [{ k: 1, qty: -1 }, ...others, { k: 1, qty: 7 }]
    const { totals } = await opened.once.insert(stock, rows)
    expect(totals).toMatchObject({ rows: 1502, created: 1501, failed: 1, collided: 0 })
  })
})
