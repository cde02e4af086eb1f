import { afterEach, expect, test } from 'vitest'
import { snapshots } from '../../../systems/snapshots/guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
afterEach(() => system.drop())

const insertRow = (netAssetValue: string, complete = true) =>
  system.pool.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, net_asset_value, is_complete)
     VALUES ($1, $2, $3, $4)`,
    [INCIDENT_PORTFOLIO, INCIDENT_DAY, netAssetValue, complete],
  )

const keeper = async () => {
  const [report] = await system.once.scan(snapshots)
  expect(report?.duplicates).toMatchObject({ groups: 1 })
  return Number(report?.duplicates.largest[0]?.keeper.net_asset_value)
}

test('of duplicates a loss is kept over the zero of a placeholder that came last', async () => {
  system = await testSystem({ enforced: false })
  await insertRow('-1625000')
  await insertRow('0', false)
  expect(await keeper()).toBe(-1_625_000)
})

test('a finished value is kept over a finished zero, then the latest of them', async () => {
  system = await testSystem({ enforced: false })
  await insertRow('-1625000')
  await insertRow('3650000')
  await insertRow('0')
  expect(await keeper()).toBe(3_650_000)
})

test('a scan counts the placeholders', async () => {
  system = await testSystem()
  await insertRow('0', false)
  const [report] = await system.once.scan(snapshots)
  expect(report?.unfinished).toBe(1)
})

test('the index stands against whoever inserts a second snapshot', async () => {
  system = await testSystem()
  await insertRow('-1625000')
  await expect(insertRow('14200000')).rejects.toMatchObject({
    code: '23505',
    constraint: 'uq_portfolio_snapshot_date',
  })
})
