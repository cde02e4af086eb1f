import { Hono } from 'hono'
import { duplicates } from 'onceover/hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LessonAnswer } from '../../../systems/lessons/answer.ts'
import { FALLBACK_SLOT, PROVIDER, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { lessons } from '../../../systems/lessons/guards.ts'
import { naiveRoutes } from '../../../systems/lessons/naive.ts'
import { lessonRoutes } from '../../../systems/lessons/routes.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const post = async (body: unknown, type = 'application/json') => {
  const answer = await lessonRoutes(system).request('/requests', {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: (await answer.json()) as Partial<LessonAnswer>,
  }
}
const get = async (path: string) => {
  const answer = await lessonRoutes(system).request(path)
  return { status: answer.status, body: await answer.json() }
}
const group = (timeSlot: string) => ({ schoolId: SCHOOL, lessonDate: '2025-11-03', timeSlot })

test('a request that makes everything, or finds everything made, answers 200', async () => {
  const body = { providerId: PROVIDER, groups: [group('08:00-08:30')] }
  expect(await post(body)).toMatchObject({ status: 200, body: { totals: { created: 1 } } })
  expect(await post(body)).toMatchObject({
    status: 200,
    body: { totals: { skipped: 1 }, groups: [{ cause: 'retry-of-finished-work' }] },
  })
})

test('a request with a bad group answers 207, and its trace can be asked for', async () => {
  const groups = [group('09:00-09:30'), group(FALLBACK_SLOT)]
  const answer = await post({ providerId: PROVIDER, requestedBy: 'ana', groups })
  expect(answer).toMatchObject({ status: 207, body: { totals: { created: 1, invalid: 1 } } })
  expect(await get(`/requests/${answer.body.request}`)).toMatchObject({
    status: 200,
    body: {
      requested_by: 'ana',
      groups: [
        { index: 0, verdict: 'created', lesson: { time_slot: '09:00-09:30' } },
        { index: 1, verdict: 'invalid', cause: 'fallback-value', lesson: null },
      ],
    },
  })
})

test('an unknown provider fails its groups, not the request', async () => {
  const answer = await post({ providerId: 'nobody', groups: [group('10:00-10:30')] })
  expect(answer).toMatchObject({ status: 207, body: { totals: { invalid: 1 } } })
})

test('the groups of a calendar week are listed', async () => {
  await system.pool.query(
    `INSERT INTO calendar_events
       (provider_id, school_id, event_date, start_time, end_time, student)
     VALUES ($1, $2, '2025-11-04', '08:15', '08:45', 'Ida'),
            ($1, $2, '2025-11-04', '08:15', '08:45', 'Ben'),
            ($1, $2, '2025-11-10', '08:15', '08:45', 'Cem')`,
    [PROVIDER, SCHOOL],
  )
  expect(await get(`/weeks/${PROVIDER}/2025-11-03`)).toEqual({
    status: 200,
    body: {
      providerId: PROVIDER,
      groups: [
        {
          schoolId: SCHOOL,
          lessonDate: '2025-11-04',
          timeSlot: '08:15-08:45',
          students: ['Ben', 'Ida'],
        },
      ],
    },
  })
})

test.each([
  ['no groups', { providerId: PROVIDER, groups: [] }],
  ['a group that is no object', { providerId: PROVIDER, groups: ['08:00'] }],
  ['a body that is no JSON', '{'],
])('%s is refused with 400 as problem+json', async (_, body) => {
  expect(await post(body)).toMatchObject({
    status: 400,
    type: 'application/problem+json',
    body: { status: 400 },
  })
})

test('a plain form of another site is refused', async () => {
  expect((await post('{}', 'text/plain')).status).toBe(415)
})

test('an unknown request is a 404, an id that is none a 400', async () => {
  expect((await get('/requests/00000000-0000-4000-8000-000000000000')).status).toBe(404)
  expect((await get('/requests/1')).status).toBe(400)
})

test('one line before the naive routes makes of their 500 a 409 with the cause', async () => {
  const app = new Hono()
    .use(duplicates({ once: system.once, guards: [lessons] }))
    .route('/', naiveRoutes(system.pool))
  const send = () =>
    app.request('/requests', {
      method: 'POST',
      body: JSON.stringify({ providerId: PROVIDER, groups: [group('12:00-12:30')] }),
    })
  expect((await send()).status).toBe(200)
  const { rows } = await system.pool.query(
    `UPDATE ai_generated_lessons SET created_at = created_at - interval '1 day'
     WHERE lesson_date = '2025-11-03' AND time_slot = '12:00-12:30' RETURNING id`,
  )
  const again = await send()
  expect(again.status).toBe(409)
  expect(again.headers.get('content-type')).toBe('application/problem+json')
  const body = await again.json()
  expect(body).toMatchObject({
    code: 'DUPLICATE_KEY',
    existing: { id: rows[0]?.id },
    cause: 'retry_of_done_work',
  })
  expect(JSON.stringify(body)).not.toMatch(/ai_generated_lessons|INSERT/)
})
