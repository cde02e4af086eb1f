import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { closeDay, computeDay } from '../../../systems/snapshots/closing.ts'
import { CALENDAR } from '../../../systems/snapshots/incident.ts'
import { type TestSystem, testSystem } from './system.ts'

/** A decimal: a whole number of 10^-scale. */
interface Decimal {
  readonly units: bigint
  readonly scale: number
}

const decimals = (max: bigint, min = -max): fc.Arbitrary<Decimal> =>
  fc.record({ units: fc.bigInt({ min, max }), scale: fc.integer({ min: 0, max: 12 }) })

const RUNS = 40
const DAY = '2025-11-20'
const DAY_BEFORE = '2025-11-19'
/** Sums are taken in units of 10^-24: two scales of 12 multiplied. */
const SCALE = 24

const scaled = ({ units, scale }: Decimal, to: number): bigint => units * 10n ** BigInt(to - scale)

const asText = (units: bigint, scale: number): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - scale)
  return `${units < 0n ? '-' : ''}${whole}${scale > 0 && fraction ? `.${fraction}` : ''}`
}

const text = ({ units, scale }: Decimal) => asText(units, scale)
const sum = (terms: readonly bigint[]) => terms.reduce((total, term) => total + term, 0n)

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const big = 10n ** 15n
const portfolio = fc.record({
  opening: decimals(big),
  lots: fc.array(
    fc.record({ quantity: decimals(big), before: decimals(big), after: decimals(big) }),
    { maxLength: 4 },
  ),
  events: fc.array(decimals(big), { maxLength: 4 }),
  flows: fc.array(fc.record({ amount: decimals(big, 1n), deposit: fc.boolean() }), {
    maxLength: 4,
  }),
})
type Sample = typeof portfolio extends fc.Arbitrary<infer Value> ? Value : never

let planted = 0

async function plant({ opening, lots, events, flows }: Sample): Promise<string> {
  const { pool } = system
  const { rows } = await pool.query(
    `INSERT INTO portfolios (name, calendar, opened_on, opening_equity, equity_balance)
     VALUES ('sample', $1, $2, $3, $3) RETURNING id`,
    [CALENDAR, DAY, text(opening)],
  )
  const id = rows[0]?.id
  for (const { quantity, before, after } of lots) {
    const symbol = `S${++planted}`
    await pool.query('INSERT INTO instruments VALUES ($1, $1)', [symbol])
    await pool.query('INSERT INTO prices VALUES ($1, $2, $3), ($1, $4, $5)', [
      ...[symbol, DAY_BEFORE, text(before), DAY, text(after)],
    ])
    await pool.query(
      `INSERT INTO positions (portfolio_id, symbol, quantity, held_from) VALUES ($1, $2, $3, $4)`,
      [id, symbol, text(quantity), DAY],
    )
  }
  for (const event of events) {
    await pool.query(
      `INSERT INTO realised_events (portfolio_id, day, kind, amount) VALUES ($1, $2, 'trade', $3)`,
      [id, DAY, text(event)],
    )
  }
  for (const { amount, deposit } of flows) {
    await pool.query(
      'INSERT INTO equity_flows (portfolio_id, day, kind, amount) VALUES ($1, $2, $3, $4)',
      [id, DAY, deposit ? 'deposit' : 'withdrawal', text(amount)],
    )
  }
  return id
}

test('P&L, flows and the equity rolled forward are exact, whatever the decimals', async () => {
  await fc.assert(
    fc.asyncProperty(portfolio, async (sample) => {
      const { opening, lots, events, flows } = sample
      const moves = sum(
        lots.map(({ quantity, before, after }) => {
          return scaled(quantity, 12) * (scaled(after, 12) - scaled(before, 12))
        }),
      )
      const realised = sum(events.map((event) => scaled(event, SCALE)))
      const flow = sum(
        flows.map(({ amount, deposit }) => (deposit ? 1n : -1n) * scaled(amount, SCALE)),
      )
      const portfolioId = await plant(sample)
      const day = { portfolioId, day: DAY }

      const result = await computeDay(system.pool, day)
      expect(result).toMatchObject({
        pricePnl: asText(moves, SCALE),
        realisedPnl: asText(realised, SCALE),
        netFlows: asText(flow, SCALE),
      })

      await system.once.transaction((tx) => closeDay(tx, { ...day, result }))
      const equity = scaled(opening, SCALE) + moves + realised + flow
      expect(await system.equity(portfolioId)).toBe(asText(equity, SCALE))
      expect(await listBreaks(system.pool, [portfolioId])).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
