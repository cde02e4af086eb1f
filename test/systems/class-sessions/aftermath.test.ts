import { afterAll, beforeAll, expect, test } from 'vitest'
import { advanceAll } from '../../../systems/class-sessions/generate.ts'
import { series, sessions } from '../../../systems/class-sessions/guards.ts'
import { incidentRows, loadRows } from '../../../systems/class-sessions/incident.ts'
import { scanIncident } from '../../../systems/class-sessions/incident-scan.ts'
import { emptyTables } from '../../../systems/class-sessions/tables.ts'
import { openSchool, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await openSchool(0)
  await emptyTables(school.pool)
  await loadRows(school.pool, incidentRows())
})

afterAll(() => school?.drop())

const rows = async (text: string) => (await school.pool.query(text)).rows

test('a scan finds the figures of the report and writes nothing', async () => {
  expect(await scanIncident(school.once)).toEqual({
    onTheDay: 93,
    distinctOnTheDay: 65,
    excessOnTheDay: 28,
    largestOnTheDay: [18, 8, 5],
    excess: 300,
    laterSeries: 24,
  })
  expect(await rows("SELECT FROM pg_namespace WHERE nspname = 'onceover'")).toEqual([])
})

test('a scan names the keeper of the 18: the earliest, the one that is CONFIRMED', async () => {
  const [report] = await school.once.scan(sessions)
  const largest = report?.duplicates.largest[0]
  expect(largest).toMatchObject({ rows: 18, keeper: { status: 'CONFIRMED' } })
  expect(largest?.losers.every((loser) => loser.status === 'CONFLICTED')).toBe(true)
})

test('the guards are refused while there are duplicates, and no index is left', async () => {
  await expect(school.once.enforce(sessions)).rejects.toMatchObject({ code: 'DUPLICATES_EXIST' })
  await expect(school.once.enforce(series)).rejects.toMatchObject({ code: 'DUPLICATES_EXIST' })
  expect(await rows("SELECT FROM pg_class WHERE relname LIKE 'ux_%'")).toEqual([])
})

test('an insert is refused while no guard stands', async () => {
  const run = advanceAll(school.once, { now: '2025-10-17T00:03:00Z', days: 7 })
  await expect(run).rejects.toMatchObject({ code: 'GUARD_NOT_ENFORCED' })
})
