import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoContext, holds } from '../../../systems/demo-report.ts'
import { type Measurements, measure, report } from '../../../systems/reports/demo.ts'
import { prepareRequests } from '../../../systems/reports/requests.ts'
import { STUDENTS } from '../../../systems/reports/trial.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

const WORKERS = 3

let measured: Measurements
const databases: TestDatabase[] = []

const context: DemoContext = {
  workers: WORKERS,
  progress: () => {},
  freshDatabase: async () => {
    const database = await testDatabase()
    databases.push(database)
    return database.url
  },
}

beforeAll(async () => {
  // The workers' own work with pools of their own; the processes around it are the compiled demo's.
  measured = await measure(context, async (tasks) => {
    const ready = await Promise.all(tasks.map(prepareRequests))
    return Promise.all(ready.map((work) => work()))
  })
})
afterAll(() => Promise.all(databases.map((database) => database.drop())))

test('every retry of the naive code dies, none of ours', () => {
  const sent = WORKERS * STUDENTS
  const died = ({ first, retry, refresh }: Measurements['naive']) => [
    ...[first.died, retry.died, refresh.died],
  ]
  expect(died(measured.naive)).toEqual([sent - STUDENTS, sent, sent])
  expect(died(measured.guarded)).toEqual([0, 0, 0])
})

test('a reader sees the proposed fix at nothing, and ours at eight reports', () => {
  expect(measured.checkFirst.seen.fewest).toBe(0)
  expect(measured.guarded.seen).toMatchObject({ short: 0, fewest: 8 })
})

test('each report of ours is paid for once: at first, and again when the data is new', () => {
  const { first, retry, refresh } = measured.guarded
  const calls = [first, retry, refresh].map(({ writerCalls }) => writerCalls)
  expect(calls).toEqual([8 * STUDENTS, 0, 8 * STUDENTS])
  expect(refresh).toMatchObject({ replaced: STUDENTS, oldReports: 8 * STUDENTS, other: 0 })
})

test('every figure of the demo is what it must be', () => {
  const wrong = report(context, measured).figures.flatMap(({ what, naive, onceover }) =>
    [naive, onceover].filter((side) => side && !holds(side)).map((side) => ({ what, side })),
  )
  expect(wrong).toEqual([])
})
