import { afterEach, beforeEach, expect, test } from 'vitest'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { closeDay, computeDay } from '../../../systems/snapshots/closing.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { selectSnapshots } from '../../../systems/snapshots/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

const portfolioId = INCIDENT_PORTFOLIO
const NEXT_DAY = '2025-11-18'

let system: TestSystem
beforeEach(async () => {
  system = await testSystem()
})
afterEach(() => system.drop())

const close = async (day: string, result = computeDay(system.pool, { portfolioId, day })) => {
  const computed = await result
  return system.once.transaction((tx) => closeDay(tx, { portfolioId, day, result: computed }))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a day is its price moves, realised events and flows, to the last decimal', async () => {
  expect(await computeDay(system.pool, { portfolioId, day: INCIDENT_DAY })).toEqual({
    pricePnl: '3947500.03',
    realisedPnl: '1327499.97',
    netFlows: '0',
    netExposure: '28970003.06',
    grossExposure: '34650003.06',
    positionCount: 3,
  })
})

test('closing a day rolls the equity forward and writes a snapshot that chains', async () => {
  expect(await close(INCIDENT_DAY)).toMatchObject({ netAssetValue: '-1625000' })
  expect(await system.equity()).toBe('-1625000')
  expect((await selectSnapshots(system.pool, portfolioId)).map(({ day }) => day)).toEqual([
    INCIDENT_DAY,
    '2025-11-14',
    '2025-11-13',
  ])
  expect(await close(NEXT_DAY)).toMatchObject({ netAssetValue: '-1790000.03' })
  expect(await listBreaks(system.pool)).toEqual([])
})

test('a day is not closed twice, nor before the day before it', async () => {
  await expect(close(NEXT_DAY)).rejects.toThrow(
    'The trading day before 2025-11-18, 2025-11-17, is not closed yet.',
  )
  expect(await system.equity()).toBe('-6900000')
  await close(INCIDENT_DAY)
  await expect(close(INCIDENT_DAY)).rejects.toMatchObject({
    code: '23505',
    constraint: 'uq_portfolio_snapshot_date',
  })
  expect(await system.equity()).toBe('-1625000')
  await close(NEXT_DAY)
  await system.pool.query('DELETE FROM portfolio_snapshots WHERE snapshot_date = $1', [
    INCIDENT_DAY,
  ])
  await expect(close(INCIDENT_DAY)).rejects.toThrow('2025-11-18 is closed already: replay')
  expect(await system.equity()).toBe('-1790000.03')
})

test('equity that is not that of the last snapshot is never rolled forward', async () => {
  await system.pool.query('UPDATE portfolios SET equity_balance = 14200000')
  await expect(close(INCIDENT_DAY)).rejects.toThrow('The equity is not that of the snapshot')
  expect(await system.equity()).toBe('14200000')
})

test('a flow booked between computing and closing is not lost: the day is refused', async () => {
  const day = INCIDENT_DAY
  const computed = await computeDay(system.pool, { portfolioId, day })
  await system.pool.query(
    `INSERT INTO equity_flows (portfolio_id, day, kind, amount) VALUES ($1, $2, 'deposit', 0.01)`,
    [portfolioId, day],
  )
  await expect(close(day, Promise.resolve(computed))).rejects.toThrow('changed while')
  expect(await close(day)).toMatchObject({ netAssetValue: '-1624999.99' })
})

test('a day waits for a flow that is being booked, and is computed again with it', async () => {
  const day = INCIDENT_DAY
  const booking = await system.pool.connect()
  await booking.query('BEGIN')
  await booking.query(
    `INSERT INTO equity_flows (portfolio_id, day, kind, amount) VALUES ($1, $2, 'deposit', 0.01)`,
    [portfolioId, day],
  )
  const { rows } = await booking.query('SELECT pg_backend_pid() AS pid')
  const closing = close(day)
  const refused = expect(closing).rejects.toThrow('changed while')
  await until(async () => {
    const waiting = await system.pool.query(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
      [rows[0]?.pid],
    )
    return waiting.rows.length > 0
  })
  await booking.query('COMMIT')
  booking.release()
  await refused
  expect(await close(day)).toMatchObject({ netAssetValue: '-1624999.99' })
})

test('without a price there is no P&L, and the missing ones are named', async () => {
  await system.pool.query(`DELETE FROM prices WHERE symbol = 'BRNT' AND day = $1`, [INCIDENT_DAY])
  await expect(computeDay(system.pool, { portfolioId, day: INCIDENT_DAY })).rejects.toMatchObject({
    message: 'Prices are missing: BRNT on 2025-11-17.',
    missing: ['BRNT on 2025-11-17'],
  })
})

test('the placeholder of a crash becomes the snapshot and keeps its id', async () => {
  const { rows } = await system.pool.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete)
     VALUES ($1, $2, false) RETURNING id`,
    [portfolioId, INCIDENT_DAY],
  )
  expect(await close(INCIDENT_DAY)).toEqual({
    snapshotId: rows[0]?.id,
    netAssetValue: '-1625000',
  })
  expect(await listBreaks(system.pool)).toEqual([])
})

test('what is booked on days without trading counts on the next trading day', async () => {
  await system.pool.query(
    `INSERT INTO equity_flows (portfolio_id, day, kind, amount)
     VALUES ($1, '2025-11-15', 'deposit', 1000), ($1, '2025-11-16', 'withdrawal', 250.5)`,
    [portfolioId],
  )
  expect(await close(INCIDENT_DAY)).toMatchObject({ netAssetValue: '-1624250.5' })
})

test('an amount that is no amount is refused', async () => {
  for (const amount of ['NaN', 'Infinity', '-Infinity']) {
    await expect(
      system.pool.query('UPDATE portfolios SET equity_balance = $1', [amount]),
    ).rejects.toMatchObject({ code: '23514' })
  }
})
