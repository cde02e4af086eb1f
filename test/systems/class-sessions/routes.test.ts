import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BRANCH, idOf } from '../../../systems/class-sessions/incident-rows.ts'
import { classSessionRoutes } from '../../../systems/class-sessions/routes.ts'
import { guardedSchool, openSchool, reopen, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await guardedSchool(1)
})

beforeEach(() => reopen(school, 1))

afterAll(() => school?.drop())

/** What the routes answer, as far as these tests read it. */
interface Answer {
  readonly id: string
  readonly dates: readonly { readonly session: string }[]
  readonly skipped: readonly object[]
}

async function send(path: string, body?: unknown, on = school) {
  const init =
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }
  const response = await classSessionRoutes(on).request(path, init)
  const type = response.headers.get('content-type')?.split(';')[0]
  const answer: Answer = JSON.parse(await response.text())
  return { status: response.status, type, body: answer }
}

const seriesRequest = {
  teacher_id: idOf('teacher', 1),
  student_id: idOf('student', 1),
  start_time: '20:00',
  end_time: '21:30',
  days_of_week: [1, 4],
}

const problem = (status: number, members: object = {}) => ({
  status,
  type: 'application/problem+json',
  body: { status, ...members },
})

describe('POST /api/class-series', () => {
  test('answers 201, then 409 with the id of the first', async () => {
    const first = await send('/api/class-series', seriesRequest)
    expect(first).toMatchObject({ status: 201, body: { branch_id: BRANCH } })
    const turned = { ...seriesRequest, days_of_week: [4, 1] }
    expect(await send('/api/class-series', turned)).toMatchObject(
      problem(409, { code: 'SERIES_EXISTS', existing_id: first.body.id }),
    )
  })

  test('answers 422 where the student or the teacher is unknown', async () => {
    const stranger = { ...seriesRequest, student_id: idOf('student', 999) }
    expect(await send('/api/class-series', stranger)).toMatchObject(
      problem(422, { code: 'UNKNOWN_STUDENT' }),
    )
    const nobody = { ...seriesRequest, teacher_id: idOf('teacher', 999) }
    expect(await send('/api/class-series', nobody)).toMatchObject(
      problem(422, { code: 'ROW_REFUSED', constraint: 'class_series_teacher_id_fkey' }),
    )
  })

  test.each([
    ['an unknown weekday', { days_of_week: [0] }],
    ['no weekday', { days_of_week: [] }],
    ['a time that is none', { start_time: '25:00' }],
    ['an end before the start', { end_time: '19:00' }],
    ['an id that is none', { teacher_id: 'ana' }],
    ['a member that is not known', { days: [1] }],
  ])('answers 400 to %s', async (_, change) => {
    const response = await send('/api/class-series', { ...seriesRequest, ...change })
    expect(response).toMatchObject(problem(400, { code: 'INPUT_INVALID' }))
  })

  test('answers 400 to a body that is not JSON', async () => {
    expect(await send('/api/class-series', '{')).toMatchObject(problem(400))
  })

  test('says what is missing where the guard is not enforced', async () => {
    const open = await openSchool(0)
    try {
      expect(await send('/api/class-series', seriesRequest, open)).toMatchObject(
        problem(503, { code: 'GUARD_NOT_ENFORCED' }),
      )
    } finally {
      await open.drop()
    }
  })
})

describe('POST /api/class-series/:id/extend', () => {
  const path = `/api/class-series/${idOf('series', 1)}/extend`
  const range = { from: '2025-10-20', until: '2025-10-31' }

  test('answers for every date, the second time with the sessions that stood', async () => {
    const first = await send(path, range)
    expect(first).toMatchObject({ status: 200, body: { created: 2, skipped: 0 } })
    const again = await send(path, range)
    expect(again.body).toMatchObject({ created: 0, skipped: 2 })
    expect(again.body.dates).toEqual(
      first.body.dates.map((date) => ({ ...date, verdict: 'skipped', reason: 'exists' })),
    )
  })

  test('answers 404 and 409 where there is nothing to extend', async () => {
    const unknown = `/api/class-series/${idOf('series', 99)}/extend`
    expect(await send(unknown, range)).toMatchObject(problem(404, { code: 'UNKNOWN_SERIES' }))
    await school.pool.query("UPDATE class_series SET status = 'PAUSED'")
    expect(await send(path, range)).toMatchObject(problem(409, { code: 'SERIES_NOT_ACTIVE' }))
  })

  test('answers 400 to dates that are none, turned round, or years apart', async () => {
    for (const bad of [
      { ...range, from: '2025-02-30' },
      { ...range, until: '2025-10-19' },
      { ...range, until: '2035-10-20' },
    ]) {
      expect(await send(path, bad)).toMatchObject(problem(400, { code: 'INPUT_INVALID' }))
    }
    expect(await send('/api/class-series/one/extend', range)).toMatchObject(problem(400))
  })
})

test('POST /api/group-classes answers 201, then 200, with a verdict per student', async () => {
  const request = {
    branch_id: BRANCH,
    teacher_id: idOf('teacher', 1),
    date: '2025-10-25',
    start_time: '10:00',
    end_time: '11:30',
    student_ids: [idOf('student', 1), idOf('student', 2)],
  }
  const first = await send('/api/group-classes', request)
  expect(first).toMatchObject({
    status: 201,
    body: { students: [{ verdict: 'created' }, { verdict: 'created' }] },
  })
  expect(await send('/api/group-classes', request)).toMatchObject({
    status: 200,
    body: { id: first.body.id, students: [{ verdict: 'skipped' }, { verdict: 'skipped' }] },
  })
  const nowhere = { ...request, date: '2025-10-26', branch_id: idOf('branch', 99) }
  expect(await send('/api/group-classes', nowhere)).toMatchObject(
    problem(422, { constraint: 'class_sessions_branch_id_fkey' }),
  )
})

test('GET /api/class-sessions/skipped lists what stood already, and who asked', async () => {
  const path = `/api/class-series/${idOf('series', 1)}/extend`
  const range = { from: '2025-10-23', until: '2025-10-23' }
  const made = await send(path, range)
  await send(path, range)
  const { status, body } = await send('/api/class-sessions/skipped?since=1h&limit=1')
  expect(status).toBe(200)
  expect(body.skipped).toMatchObject([
    {
      actor: 'api',
      existing: made.body.dates[0]?.session,
      key: { date: '2025-10-23', start_time: '13:00:00', teacher_id: idOf('teacher', 11) },
    },
  ])
  expect(await send('/api/class-sessions/skipped?since=yesterday')).toMatchObject(problem(400))
})
