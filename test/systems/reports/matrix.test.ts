import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrol, student } from '../../../systems/reports/fixture.ts'
import { generateMany } from '../../../systems/reports/generate.ts'
import { INCIDENT_DATE } from '../../../systems/reports/incident.ts'
import { type TestSystem, testSystem } from './system.ts'

// Three weeks of January 2026; the incident's is the last.
const DAYS = { from: '2026-01-05', to: '2026-01-19' } as const
const STUDENTS = 4

let system: TestSystem
beforeAll(async () => {
  system = await testSystem(STUDENTS)
  await enrol(system.pool, [student(STUDENTS)], '2026-01-14')
  await generateMany(system, { period: 'weekly', date: INCIDENT_DATE }, [student(0).id])
})
afterAll(() => system.drop())

const states = async (days: { readonly from: string; readonly to: string } = DAYS) => {
  const { rows, periods } = await system.once.matrix(system.generator, days)
  return { periods, rows: Object.fromEntries(rows.map(({ label, states }) => [label, states])) }
}

test('a student is missing in each week that ended after the enrolment', async () => {
  expect(await states()).toEqual({
    periods: ['2026-01-05', '2026-01-12', '2026-01-19'],
    rows: { 'Ada 1': 'mmd', 'Ben 2': 'mmm', 'Cem 3': 'mmm', 'Dana 4': 'mmm', 'Eli 5': '.mm' },
  })
})

test('nothing is expected of a week that has not begun', async () => {
  const year = new Date().getUTCFullYear() + 2
  expect((await states({ from: `${year}-01-01`, to: `${year}-01-31` })).rows).toEqual({})
})

test('what is missing is made by a run over the days, and by no other', async () => {
  const { once, generator } = system
  const range = { period: 'weekly', ...DAYS } as const
  const only = [{ user_id: student(1).id, period: 'weekly', start_date: '2026-01-12' }] as const
  expect((await once.run(generator, range, { only })).totals.created).toBe(1)
  expect((await states()).rows).toMatchObject({ 'Ada 1': 'mmd', 'Ben 2': 'mdm' })
  const { totals } = await once.run(generator, range)
  expect(totals).toMatchObject({ created: 12, skipped: 2, failed: 0 })
})
