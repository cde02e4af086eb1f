import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { closeDay, computeDay } from '../../../systems/snapshots/closing.ts'
import { ReplayDriftedError } from '../../../systems/snapshots/errors.ts'
import { snapshots } from '../../../systems/snapshots/guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { closeDayInsertFirst, closeDayNaively } from '../../../systems/snapshots/naive.ts'
import { selectSnapshots } from '../../../systems/snapshots/queries.ts'
import { applyReplay } from '../../../systems/snapshots/replay.ts'
import { planReplay } from '../../../systems/snapshots/replay-plan.ts'
import { type TestSystem, testSystem } from './system.ts'

const portfolioId = INCIDENT_PORTFOLIO
const day = { portfolioId, day: INCIDENT_DAY }
const asked = { portfolioId, reason: 'four runs of one day', actor: 'ana' }

let system: TestSystem
beforeEach(async () => {
  system = await testSystem({ enforced: false })
})
afterEach(() => system.drop())

const preview = () => planReplay(system.pool, portfolioId)
const replay = async () => applyReplay(system, { ...asked, plan: (await preview()).plan })
const faults = async () => (await listBreaks(system.pool)).map(({ day, fault }) => [day, fault])
const values = async () =>
  (await selectSnapshots(system.pool, portfolioId)).map((each) => [each.day, each.netAssetValue])

/** A row such as four runs at once leave: its value is the equity that the run saw. */
const insertRow = (on: string, netAssetValue: string, pnl: string, complete = true) =>
  system.pool.query(
    `INSERT INTO portfolio_snapshots
       (portfolio_id, snapshot_date, net_asset_value, price_pnl, is_complete)
     VALUES ($1, $2, $3, $4, $5)`,
    [portfolioId, on, netAssetValue, pnl, complete],
  )

const setEquity = (equity: string) =>
  system.pool.query('UPDATE portfolios SET equity_balance = $1', [equity])

const RIGHT = [
  [INCIDENT_DAY, '-1625000'],
  ['2025-11-14', '-6900000'],
  ['2025-11-13', '-6849999.97'],
]

test('a chain without a break has nothing to replay', async () => {
  expect(await faults()).toEqual([])
  expect(await preview()).toMatchObject({ changes: false, days: [], removed: [] })
  expect(await replay()).toMatchObject({ changes: false })
  const { rows } = await system.pool.query('SELECT FROM snapshot_replays')
  expect(rows).toEqual([])
})

describe('equity that four runs inflated', () => {
  beforeEach(async () => {
    for (let run = 0; run < 4; run++) await closeDayNaively(system.pool, day)
  })

  test('is reported with what it would have to be', async () => {
    expect(await listBreaks(system.pool)).toEqual([
      {
        portfolioId,
        portfolio: 'test009',
        day: INCIDENT_DAY,
        fault: 'equity',
        kept: '14200000',
        expected: '-1625000',
      },
    ])
  })

  test('is previewed without a change, then replayed to what one run makes', async () => {
    expect(await preview()).toMatchObject({
      changes: true,
      lastGood: { day: INCIDENT_DAY, equity: '-1625000' },
      equity: { now: '14200000', replayed: '-1625000' },
    })
    expect(await system.equity()).toBe('14200000')
    expect(await replay()).toMatchObject({ changes: true })
    expect(await system.equity()).toBe('-1625000')
    expect(await values()).toEqual(RIGHT)
    expect(await replay()).toMatchObject({ changes: false })
  })

  test('is replayed once by any number of replays at once', async () => {
    const { plan } = await preview()
    const replays = Array.from({ length: 4 }, () => applyReplay(system, { ...asked, plan }))
    const settled = await Promise.allSettled(replays)
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(refused).toHaveLength(3)
    for (const reason of refused) expect(reason).toBeInstanceOf(ReplayDriftedError)
    expect(await system.equity()).toBe('-1625000')
  })
})

describe('snapshots of four runs at once', () => {
  beforeEach(async () => {
    for (const value of ['-1625000', '3650000', '8925000', '14200000']) {
      await insertRow(INCIDENT_DAY, value, '5275000')
    }
    await setEquity('14200000')
  })

  test('are a duplicate whose kept value, the latest, does not chain', async () => {
    expect(await listBreaks(system.pool)).toMatchObject([
      { day: INCIDENT_DAY, fault: 'duplicate', kept: '14200000', expected: '-1625000' },
    ])
    await expect(system.once.enforce(snapshots)).rejects.toMatchObject({
      code: 'DUPLICATES_EXIST',
      details: { groups: 1, excess: 3 },
    })
  })

  test('become one that chains; what they were is kept, and the index can stand', async () => {
    expect(await preview()).toMatchObject({
      lastGood: { day: '2025-11-14', equity: '-6900000' },
      equity: { now: '14200000', replayed: '-1625000' },
      days: [{ day: INCIDENT_DAY, kept: '14200000', replayed: '-1625000' }],
      removed: [expect.any(String), expect.any(String), expect.any(String)],
    })
    await replay()
    expect(await system.equity()).toBe('-1625000')
    expect(await values()).toEqual(RIGHT)
    expect(await faults()).toEqual([])
    const { rows } = await system.pool.query(
      `SELECT actor, reason, equity_before::text AS before, equity_after::text AS after,
              ARRAY(SELECT row ->> 'net_asset_value' FROM jsonb_array_elements(rows_before) AS row
                    ORDER BY (row ->> 'net_asset_value')::numeric) AS kept
       FROM snapshot_replays`,
    )
    expect(rows).toEqual([
      {
        actor: 'ana',
        reason: 'four runs of one day',
        before: '14200000',
        after: '-1625000',
        kept: ['-1625000', '3650000', '8925000', '14200000'],
      },
    ])
    expect(await system.once.enforce(snapshots)).toMatchObject({ created: true })
  })
})

test('a kept value that does not chain is reported, and every later one is replayed', async () => {
  await insertRow(INCIDENT_DAY, '14200000', '5275000')
  await insertRow('2025-11-18', '14034999.97', '-165000.03')
  await setEquity('14034999.97')
  expect(await faults()).toEqual([[INCIDENT_DAY, 'does_not_chain']])
  await replay()
  expect(await values()).toEqual([['2025-11-18', '-1790000.03'], ...RIGHT])
  expect(await system.equity()).toBe('-1790000.03')
})

test('a missing day is made, and a snapshot of a day without trading removed', async () => {
  await insertRow('2025-11-15', '-6900000', '0')
  await insertRow('2025-11-18', '-6900000', '0')
  expect(await faults()).toEqual([
    ['2025-11-15', 'not_a_trading_day'],
    [INCIDENT_DAY, 'missing'],
    ['2025-11-18', 'data_changed'],
  ])
  expect(await preview()).toMatchObject({ lastGood: { day: '2025-11-14' } })
  await replay()
  expect(await values()).toEqual([['2025-11-18', '-1790000.03'], ...RIGHT])
  expect(await faults()).toEqual([])
})

test('a price corrected after the close is reported, and replayed when asked', async () => {
  await closeDayNaively(system.pool, day)
  await system.pool.query(`UPDATE prices SET price = 115.01 WHERE symbol = 'ACME' AND day = $1`, [
    INCIDENT_DAY,
  ])
  expect(await listBreaks(system.pool)).toMatchObject([
    { day: INCIDENT_DAY, fault: 'data_changed', kept: '-1625000', expected: '-1622500' },
  ])
  await replay()
  expect(await system.equity()).toBe('-1622500')
})

test('equity changed behind a placeholder is replayed, the placeholder left to a run', async () => {
  const crash = async () => {
    await setEquity('-1625000')
    throw new Error('crashed')
  }
  await expect(closeDayInsertFirst(system.pool, day, crash)).rejects.toThrow('crashed')
  expect(await faults()).toEqual([
    ['2025-11-14', 'equity'],
    [INCIDENT_DAY, 'unfinished'],
  ])
  await replay()
  expect(await system.equity()).toBe('-6900000')
  expect(await faults()).toEqual([[INCIDENT_DAY, 'unfinished']])
})

test('a replay is refused when the portfolio changed after its preview', async () => {
  await closeDayNaively(system.pool, day)
  await setEquity('14200000')
  const { plan } = await preview()
  await setEquity('14200000.01')
  await expect(applyReplay(system, { ...asked, plan })).rejects.toThrow('preview it again')
  expect(await system.equity()).toBe('14200000.01')
})

test('a replay without a price changes nothing and names the price', async () => {
  await insertRow(INCIDENT_DAY, '14200000', '5275000')
  await system.pool.query(`DELETE FROM prices WHERE symbol = 'CNDR' AND day = $1`, [INCIDENT_DAY])
  expect(await preview()).toMatchObject({
    missingPrices: ['CNDR on 2025-11-17'],
    equity: { replayed: null },
    days: [{ replayed: null }],
  })
  await expect(replay()).rejects.toThrow('Prices are missing: CNDR on 2025-11-17.')
  expect(await system.equity()).toBe('-6900000')
})

test('a replay and the closing of the next day take turns', async () => {
  for (let run = 0; run < 4; run++) await closeDayNaively(system.pool, day)
  const next = { portfolioId, day: '2025-11-18' }
  const result = await computeDay(system.pool, next)
  const { plan } = await preview()
  const [replayed, closed] = await Promise.allSettled([
    applyReplay(system, { ...asked, plan }),
    system.once.transaction((tx) => closeDay(tx, { ...next, result })),
  ])
  expect(replayed.status).toBe('fulfilled')
  expect(await system.equity()).toBe(closed.status === 'fulfilled' ? '-1790000.03' : '-1625000')
  expect(await faults()).toEqual([])
})
