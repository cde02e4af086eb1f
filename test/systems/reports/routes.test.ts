import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { student } from '../../../systems/reports/fixture.ts'
import { INCIDENT_DATE, requestReports } from '../../../systems/reports/incident.ts'
import { reportRoutes } from '../../../systems/reports/routes.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import { type TestSystem, testSystem } from './system.ts'

const WEEK = { period: 'weekly', date: INCIDENT_DATE } as const

let system: TestSystem
beforeAll(async () => {
  system = await testSystem(6)
})
afterAll(() => system.drop())

async function send(path: string, body?: unknown, app = system.app) {
  const init =
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }
  const response = await app.request(path, init)
  const type = response.headers.get('content-type')?.split(';')[0]
  return { status: response.status, type, response, body: JSON.parse(await response.text()) }
}

test('POST /students/:id/batches answers 201, then 200', async () => {
  expect(await requestReports(system.app, 0)).toMatchObject({
    status: 201,
    body: { outcome: 'created', period: 'weekly', reports: 8, run: expect.any(String) },
  })
  expect(await requestReports(system.app, 0)).toMatchObject({ status: 200 })
})

test('POST /students/:id/batches answers 503 with Retry-After where the writer fails', async () => {
  const broken = { ...templateWriter, write: () => Promise.reject(new Error('account 4711')) }
  const app = reportRoutes(system.with(broken))
  const answer = await send(`/students/${student(1).id}/batches`, WEEK, app)
  expect(answer).toMatchObject({ status: 503, body: { outcome: 'failed', batch: null } })
  expect(Number(answer.response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(JSON.stringify(answer.body)).not.toContain('4711')
})

test('POST /batches answers an outcome per student, 207 where one needs attention', async () => {
  const students = [student(0).id, student(2).id]
  expect(await send('/batches', { ...WEEK, students })).toMatchObject({
    status: 200,
    body: { totals: { created: 1, unchanged: 1, reports: 8 } },
  })
  const unknown = [...students, student(77).id]
  expect(await send('/batches', { ...WEEK, students: unknown })).toMatchObject({
    status: 207,
    body: { totals: { unchanged: 2, 'unknown-student': 1 } },
  })
})

test('POST /batches/preview says what exists and what would be made', async () => {
  const students = [student(0).id, student(3).id]
  const answer = await send('/batches/preview', { ...WEEK, students })
  expect(answer).toMatchObject({
    status: 200,
    body: { run: null, outcomes: [{ outcome: 'unchanged' }, { outcome: 'created' }] },
  })
})

test('POST /batches/retry makes what failed and what is missing', async () => {
  const answer = await send('/batches/retry', WEEK)
  expect(answer).toMatchObject({ status: 200, body: { totals: { failed: 0, unchanged: 0 } } })
  expect(answer.body.totals.created).toBeGreaterThan(0)
  const { body } = await send('/batches?period=weekly')
  expect(body.batches).toHaveLength(6)
})

test('GET /batches lists them, GET /batches/:id/reports has the eight', async () => {
  const { body } = await send(`/batches?student=${student(0).id}&period=weekly`)
  expect(body.batches).toMatchObject([{ userId: student(0).id, reports: 8, status: 'completed' }])
  const found = await send(`/batches/${body.batches[0].id}/reports`)
  expect(found.body.batch).toEqual(body.batches[0])
  expect(found.body.reports).toHaveLength(8)
  expect(found.body.reports[0]).toMatchObject({
    type: 'executive_summary',
    narrative: expect.any(String),
    insights: expect.any(Array),
    recommendations: expect.any(Array),
    chart: { kind: 'line' },
  })
})

describe('what does not fit is problem+json', () => {
  const student0 = `/students/${student(0).id}/batches`
  test.each([
    ['no JSON', student0, '{'],
    ['a period that is none', student0, { period: 'daily' }],
    ['a date that is none', student0, { ...WEEK, date: '2026-02-30' }],
    ['a date beyond all calendars', student0, { ...WEEK, date: '0001-01-01' }],
    ['an unknown member', student0, { ...WEEK, retry: true }],
    ['an id that is none', '/students/ana/batches', WEEK],
    ['no students', '/batches', { ...WEEK, students: [] }],
  ])('400 to %s', async (_, path, body) => {
    expect(await send(path, body)).toMatchObject({ status: 400, type: 'application/problem+json' })
  })

  test('404 to an unknown student or batch', async () => {
    for (const path of [`/students/${student(99).id}/batches`]) {
      expect((await send(path, WEEK)).status).toBe(404)
    }
    expect((await send(`/batches/${student(0).id}/reports`)).status).toBe(404)
  })
})
