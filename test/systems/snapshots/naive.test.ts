import { afterEach, expect, test } from 'vitest'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { closeDayInsertFirst, closeDayNaively } from '../../../systems/snapshots/naive.ts'
import { type TestSystem, testSystem } from './system.ts'

const day = { portfolioId: INCIDENT_PORTFOLIO, day: INCIDENT_DAY }

let system: TestSystem
afterEach(() => system.drop())

const snapshotsOfTheDay = async () => {
  const { rows } = await system.pool.query(
    `SELECT trim_scale(net_asset_value)::text AS nav, is_complete AS complete
     FROM portfolio_snapshots WHERE snapshot_date = $1`,
    [INCIDENT_DAY],
  )
  return rows
}

test('four runs of the incident: −6.9M becomes 14.2M, beside one snapshot of −1.625M', async () => {
  system = await testSystem({ enforced: false })
  const outcomes = []
  for (let run = 0; run < 4; run++) outcomes.push(await closeDayNaively(system.pool, day))
  expect(outcomes).toEqual(['created', 'skipped', 'skipped', 'skipped'])
  expect(await system.equity()).toBe('14200000')
  expect(await snapshotsOfTheDay()).toEqual([{ nav: '-1625000', complete: true }])
})

test('four runs of the incident at once: 14.2M all the same', async () => {
  system = await testSystem({ enforced: false })
  await Promise.all(Array.from({ length: 4 }, () => closeDayNaively(system.pool, day)))
  expect(await system.equity()).toBe('14200000')
})

test('the proposed fix changes equity once, until a crash blocks the day for ever', async () => {
  system = await testSystem()
  const crash = async () => {
    throw new Error('crashed')
  }
  await expect(closeDayInsertFirst(system.pool, day, crash)).rejects.toThrow('crashed')
  for (let run = 0; run < 3; run++) {
    expect(await closeDayInsertFirst(system.pool, day)).toBe('skipped')
  }
  expect(await system.equity()).toBe('-6900000')
  expect(await snapshotsOfTheDay()).toEqual([{ nav: '0', complete: false }])
})

test('without a crash the proposed fix is right', async () => {
  system = await testSystem()
  const runs = Array.from({ length: 4 }, () => closeDayInsertFirst(system.pool, day))
  expect((await Promise.all(runs)).sort()).toEqual(['created', 'skipped', 'skipped', 'skipped'])
  expect(await system.equity()).toBe('-1625000')
})
