import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { healthyRows } from '../../../systems/class-sessions/incident.ts'
import {
  type NaiveCheck,
  naiveCreateSeries,
  naiveRun,
} from '../../../systems/class-sessions/naive.ts'
import { count, openSchool, reopen, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await openSchool(0)
})

afterAll(() => school?.drop())

const ahead = { now: '2025-10-16T11:03:00Z', days: 7 }
const run = (check: NaiveCheck) => naiveRun(school.pool, { ...ahead, check })
describe('the naive generator', () => {
  test('makes everything again each hour where it relies on a missing constraint', async () => {
    await reopen(school, 6)
    const first = await run('none')
    expect(first).toEqual({ created: 16, skipped: 0 })
    expect(await run('none')).toEqual(first)
    expect(await count(school, 'class_sessions')).toBe(32)
  })

  test('marks what it makes again CONFLICTED, as the incident has it', async () => {
    await reopen(school, 1)
    for (let hour = 0; hour < 3; hour += 1) await run('none')
    const { rows } = await school.pool.query(
      'SELECT status, count(*)::int AS n FROM class_sessions GROUP BY status ORDER BY status',
    )
    expect(rows).toEqual([
      { status: 'CONFIRMED', n: 2 },
      { status: 'CONFLICTED', n: 4 },
    ])
  })

  test('with a check first is right as long as one process runs it', async () => {
    await reopen(school, 6)
    await run('select-first')
    expect(await run('select-first')).toEqual({ created: 0, skipped: 16 })
  })

  test('with a check first makes a second row when two runs interleave', async () => {
    await reopen(school, 1)
    const holding = await school.pool.connect()
    try {
      // Both runs pass their check while inserts have to wait; then both insert.
      await holding.query('BEGIN')
      await holding.query('LOCK TABLE class_sessions IN SHARE MODE')
      const runs = Promise.all([run('select-first'), run('select-first')])
      await bothWait()
      await holding.query('COMMIT')
      await runs
    } finally {
      holding.release()
    }
    const { rows } = await school.pool.query(
      `SELECT max(n)::int AS most
       FROM (SELECT count(*) AS n FROM class_sessions GROUP BY date) AS dates`,
    )
    expect(rows[0].most).toBe(2)
  })
})

async function bothWait(): Promise<void> {
  for (;;) {
    const { rows } = await school.pool.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT%'`,
    )
    if (rows[0].waiting === 2) return
  }
}

test('the naive check takes a series with its weekdays turned round for another one', async () => {
  await reopen(school, 0)
  const [series] = healthyRows(1).class_series
  if (series === undefined) throw new Error('no series')
  const { branch_id, teacher_id, student_id, start_time, end_time } = series
  const pair = { teacher_id, student_id, start_time, end_time }
  expect(await naiveCreateSeries(school.pool, branch_id, { ...pair, days_of_week: [1, 3] })).toBe(
    true,
  )
  expect(await naiveCreateSeries(school.pool, branch_id, { ...pair, days_of_week: [1, 3] })).toBe(
    false,
  )
  expect(await naiveCreateSeries(school.pool, branch_id, { ...pair, days_of_week: [3, 1] })).toBe(
    true,
  )
  expect(await count(school, 'class_series')).toBe(2)
})
