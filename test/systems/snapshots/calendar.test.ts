import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALENDAR, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { selectTradingDays } from '../../../systems/snapshots/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const dayBefore = async (day: string, calendar = CALENDAR) => {
  const { rows } = await system.pool.query('SELECT trading_day_before($1, $2)::text AS day', [
    calendar,
    day,
  ])
  return rows[0]?.day
}

test('weekends and holidays are no trading days', async () => {
  expect(await selectTradingDays(system.pool, { from: '2025-11-21', until: '2025-12-02' })).toEqual(
    ['2025-11-21', '2025-11-24', '2025-11-25', '2025-11-26', '2025-11-28', '2025-12-01'].concat(
      '2025-12-02',
    ),
  )
  expect(await dayBefore('2025-11-28')).toBe('2025-11-26')
  expect(await dayBefore('2025-12-01')).toBe('2025-11-28')
})

test('a calendar has a weekend of its own', async () => {
  await system.pool.query(
    `INSERT INTO trading_calendars (code, zone, closes_at, weekend)
     VALUES ('XSAU', 'Asia/Riyadh', '15:00', '{5,6}')`,
  )
  // 2025-11-23 is a Sunday: the day before is a Thursday.
  expect(await dayBefore('2025-11-23', 'XSAU')).toBe('2025-11-20')
})

test('a market that never trades has no day before', async () => {
  await system.pool.query(
    `INSERT INTO trading_calendars VALUES ('NONE', 'UTC', '00:00', '{1,2,3,4,5,6,7}')`,
  )
  expect(await dayBefore('2025-11-23', 'NONE')).toBeNull()
})

test('a portfolio is expected from its opening to its end', async () => {
  const days = { from: '2025-01-01', until: '2025-11-18', portfolioIds: [INCIDENT_PORTFOLIO] }
  expect(await selectTradingDays(system.pool, days)).toEqual([
    '2025-11-13',
    '2025-11-14',
    '2025-11-17',
    '2025-11-18',
  ])
  await system.pool.query(`UPDATE portfolios SET closed_on = '2025-11-16'`)
  expect(await selectTradingDays(system.pool, days)).toEqual(['2025-11-13', '2025-11-14'])
  await system.pool.query('UPDATE portfolios SET closed_on = NULL')
})

test('a day that is not over on the clocks of its market is not expected', async () => {
  const far = { from: '9999-01-01', until: '9999-12-31' }
  expect(await selectTradingDays(system.pool, far)).toEqual([])
  const over = async (zone: string, closesAt: string) => {
    const { rows } = await system.pool.query(
      `WITH clock AS (UPDATE trading_calendars SET zone = $2, closes_at = $3 WHERE code = $1)
       SELECT 1`,
      [CALENDAR, zone, closesAt],
    )
    expect(rows).toHaveLength(1)
    const answer = await system.pool.query(
      `SELECT is_over($1, (now() AT TIME ZONE $2)::date) AS today,
              is_over($1, (now() AT TIME ZONE $2)::date - 1) AS yesterday`,
      [CALENDAR, zone],
    )
    return answer.rows[0]
  }
  expect(await over('Asia/Tokyo', '00:00')).toEqual({ today: true, yesterday: true })
  expect(await over('America/New_York', '23:59:59.999999')).toEqual({
    today: false,
    yesterday: true,
  })
})
