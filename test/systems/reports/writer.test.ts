import { expect, test } from 'vitest'
import { deedsOf, student } from '../../../systems/reports/fixture.ts'
import { windowOn } from '../../../systems/reports/period.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import {
  REPORT_TYPES,
  type ReportType,
  report,
  summaryLine,
} from '../../../systems/reports/writer.ts'
import { modelOf } from './model.ts'

const WEEK = '2026-01-22'
const deeds = deedsOf({ students: 6, week: WEEK })
const options = { idempotencyKey: 'k', signal: new AbortController().signal }

const requestOf = (n: number, type: ReportType, date = WEEK) => {
  const window = windowOn('weekly', student(n).timeZone, date)
  return { type, period: 'weekly', window, metrics: modelOf(deeds, student(n), window) } as const
}

test('all eight reports have a narrative, insights, recommendations and a chart', async () => {
  const written = await Promise.all(
    REPORT_TYPES.map((type) => templateWriter.write(requestOf(1, type), options)),
  )
  expect(written).toHaveLength(8)
  for (const each of written) {
    expect(report.parse(each)).toEqual(each)
    for (const { values } of each.chart.series)
      expect(values).toHaveLength(each.chart.labels.length)
  }
  expect(new Set(written.map(({ narrative }) => narrative)).size).toBe(8)
})

test('the same metrics give the same words', async () => {
  for (const type of REPORT_TYPES) {
    const twice = [0, 1].map(() => templateWriter.write(requestOf(2, type), options))
    const [first, second] = await Promise.all(twice)
    expect(first).toEqual(second)
  }
})

test('a student who did nothing gets eight reports all the same, without a grade', async () => {
  for (const type of REPORT_TYPES) {
    const written = await templateWriter.write(requestOf(0, type, '2020-01-01'), options)
    expect(report.parse(written)).toEqual(written)
    expect(JSON.stringify(written)).not.toMatch(/null|NaN|undefined|Infinity/)
  }
  expect(summaryLine('weekly', requestOf(0, 'action_plan', '2020-01-01').metrics)).toBe(
    'Ada 1: no questions this week, 0 minutes of study.',
  )
})
