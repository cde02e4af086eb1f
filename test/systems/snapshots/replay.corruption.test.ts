import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookPortfolio, plantBook } from '../../../systems/snapshots/book.ts'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { closeDay, computeDay } from '../../../systems/snapshots/closing.ts'
import { selectSnapshots, selectTradingDays } from '../../../systems/snapshots/queries.ts'
import { applyReplay } from '../../../systems/snapshots/replay.ts'
import { planReplay } from '../../../systems/snapshots/replay-plan.ts'
import { type TestSystem, testSystem } from './system.ts'

const portfolioId = bookPortfolio(1)
const BOOK = { portfolios: 1, from: '2025-11-20', until: '2025-12-01' }
const SATURDAY = '2025-11-22'
const RUNS = 60

let system: TestSystem
let days: readonly string[]
/** The net asset value of each day as it has to be. */
let right: ReadonlyMap<string, string>

const query = (text: string, values: unknown[]) => system.pool.query(text, values)

/** Closes every day, and keeps the snapshots to go back to. */
async function closeAll(): Promise<ReadonlyMap<string, string>> {
  for (const day of days) {
    const result = await computeDay(system.pool, { portfolioId, day })
    await system.once.transaction((tx) => closeDay(tx, { portfolioId, day, result }))
  }
  await system.pool.query('CREATE TABLE healthy AS SELECT * FROM portfolio_snapshots')
  const kept = await selectSnapshots(system.pool, portfolioId)
  return new Map(kept.map((each) => [each.day, each.netAssetValue]))
}

const COLUMNS =
  'portfolio_id, snapshot_date, net_asset_value, price_pnl, realised_pnl, net_flows, is_complete'

async function heal(): Promise<void> {
  await query('DELETE FROM portfolio_snapshots WHERE portfolio_id = $1', [portfolioId])
  await query(
    `INSERT INTO portfolio_snapshots (${COLUMNS})
     SELECT ${COLUMNS} FROM healthy WHERE portfolio_id = $1`,
    [portfolioId],
  )
  const last = [...right.values()][0]
  await query('UPDATE portfolios SET equity_balance = $2 WHERE id = $1', [portfolioId, last])
}

beforeAll(async () => {
  system = await testSystem({ enforced: false })
  await plantBook(system.pool, BOOK)
  days = await selectTradingDays(system.pool, { ...BOOK, portfolioIds: [portfolioId] })
  right = await closeAll()
})
afterAll(() => system.drop())

const INSERT = `INSERT INTO portfolio_snapshots
  (portfolio_id, snapshot_date, net_asset_value, is_complete) VALUES ($1, $2, $3, $4)`
const ON_DAY = 'WHERE portfolio_id = $1 AND snapshot_date = $2'

/** What can befall a day: the damage of crashes, of runs that applied P&L twice, and of people. */
const DAMAGE: Readonly<Record<string, (day: string, value: string) => Promise<unknown>>> = {
  value: (day, value) =>
    query(`UPDATE portfolio_snapshots SET net_asset_value = $3 ${ON_DAY}`, [
      ...[portfolioId, day, value],
    ]),
  pnl: (day, value) =>
    query(`UPDATE portfolio_snapshots SET price_pnl = $3 ${ON_DAY}`, [portfolioId, day, value]),
  duplicate: (day, value) => query(INSERT, [portfolioId, day, value, true]),
  placeholder: (day) => query(INSERT, [portfolioId, day, '0', false]),
  unfinished: (day) =>
    query(`UPDATE portfolio_snapshots SET is_complete = false ${ON_DAY}`, [portfolioId, day]),
  deleted: (day) => query(`DELETE FROM portfolio_snapshots ${ON_DAY}`, [portfolioId, day]),
  saturday: (_, value) => query(INSERT, [portfolioId, SATURDAY, value, true]),
  equity: (_, value) =>
    query('UPDATE portfolios SET equity_balance = $2 WHERE id = $1', [portfolioId, value]),
}

const blow = fc.record({
  kind: fc.constantFrom(...Object.keys(DAMAGE)),
  place: fc.nat({ max: 6 }),
  value: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => String(cents / 100)),
})

/** What has to stand: every day up to the last that has a finished snapshot. */
async function wanted(): Promise<string[][]> {
  const { rows } = await query(
    `SELECT max(snapshot_date)::text AS last FROM portfolio_snapshots
     WHERE portfolio_id = $1 AND is_complete AND snapshot_date <> '${SATURDAY}'`,
    [portfolioId],
  )
  const last = String(rows[0]?.last ?? '')
  return [...right].filter(([day]) => day <= last).map((entry) => [...entry])
}

test('whatever befell a chain, a replay makes it what the data say, and then rests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(blow, { minLength: 1, maxLength: 6 }), async (blows) => {
      await heal()
      for (const { kind, place, value } of blows) await DAMAGE[kind]?.(days[place] ?? '', value)
      const expected = await wanted()

      const { plan } = await planReplay(system.pool, portfolioId)
      const request = { portfolioId, plan, reason: 'damage', actor: 'ana' }
      await applyReplay(system, request)

      const stands = await selectSnapshots(system.pool, portfolioId)
      expect(stands.map(({ day, netAssetValue }) => [day, netAssetValue])).toEqual(expected)
      const opening = '100000.25'
      expect(await system.equity(portfolioId)).toBe(expected[0]?.[1] ?? opening)
      // Placeholders after the last finished day are left to a run.
      const left = await listBreaks(system.pool, [portfolioId])
      expect(left.filter(({ fault }) => !['unfinished', 'missing'].includes(fault))).toEqual([])
      expect(await planReplay(system.pool, portfolioId)).toMatchObject({ changes: false })
    }),
    { numRuns: RUNS },
  )
})
