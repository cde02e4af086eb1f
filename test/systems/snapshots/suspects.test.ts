import { afterEach, expect, test } from 'vitest'
import { snapshots } from '../../../systems/snapshots/guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { type TestSystem, testSystem } from './system.ts'

const FIRST_DAY = '2025-11-13'
const SECOND_DAY = '2025-11-14'
const COPIED = `portfolio_id, snapshot_date, price_pnl, realised_pnl, net_flows, is_complete`

let system: TestSystem
afterEach(() => system.drop())

const query = (text: string, values: unknown[] = []) => system.pool.query(text, values)

/** Inserts a second snapshot of a day, later than the first: kept, if it is finished. */
const repeat = (day: string, netAssetValue: string) =>
  query(
    `INSERT INTO portfolio_snapshots (${COPIED}, net_asset_value)
     SELECT ${COPIED}, $3 FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = $2`,
    [INCIDENT_PORTFOLIO, day, netAssetValue],
  )

const suspects = async () => (await system.once.planRepair(snapshots)).suspects.rows

test('a kept snapshot that is the day before, its P&L and its flows is not suspect', async () => {
  system = await testSystem({ enforced: false })
  await repeat(SECOND_DAY, '-6900000')
  expect(await suspects()).toBe(0)
})

test('the first day is held against the opening equity', async () => {
  system = await testSystem({ enforced: false })
  await repeat(FIRST_DAY, '-6849999.97')
  expect(await suspects()).toBe(0)
  await repeat(FIRST_DAY, '-6849999.98')
  expect(await suspects()).toBe(1)
})

test('a day is held against the row that is kept of the day before', async () => {
  system = await testSystem({ enforced: false })
  await repeat(SECOND_DAY, '-6900000')
  await repeat(FIRST_DAY, '0')
  expect(await suspects()).toBe(0)
  await repeat(FIRST_DAY, '-1')
  expect(await suspects()).toBe(2)
})

test('what cannot be held against anything is suspect', async () => {
  system = await testSystem({ enforced: false })
  await repeat(SECOND_DAY, '-6900000')
  await query('DELETE FROM portfolio_snapshots WHERE snapshot_date = $1', [FIRST_DAY])
  expect(await suspects()).toBe(1)
})

test('only rows that a repair keeps are judged', async () => {
  system = await testSystem({ enforced: false })
  await query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, net_asset_value)
     VALUES ($1, $2, 1)`,
    [INCIDENT_PORTFOLIO, INCIDENT_DAY],
  )
  await repeat(SECOND_DAY, '0')
  expect(await suspects()).toBe(0)
})
