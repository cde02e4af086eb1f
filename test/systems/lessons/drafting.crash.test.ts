import { fork } from 'node:child_process'
import { once as happens } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROVIDER, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { generateLessons } from '../../../systems/lessons/generate.ts'
import type { Sent } from './half-drafted.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

test('a request killed while it drafts is taken over by the next, and made once', async () => {
  const group = { schoolId: SCHOOL, lessonDate: '2025-12-01', timeSlot: '08:00-08:30' }
  const request = { providerId: PROVIDER, requestedBy: 'test', groups: [group] }
  const killed = fork(fileURLToPath(new URL('half-drafted.mjs', import.meta.url)))
  killed.send({ url: system.url, request } satisfies Sent)
  await happens(killed, 'message')
  killed.kill('SIGKILL')
  await happens(killed, 'exit')
  expect(await system.lessonsOn('2025-12-01')).toEqual([])

  const { groups } = await generateLessons(system, request)

  expect(groups).toMatchObject([{ verdict: 'created', cause: null }])
  expect(await system.lessonsOn('2025-12-01')).toHaveLength(1)
  expect(await system.once.claims({ guard: 'lessons' })).toMatchObject([
    { state: 'done', origin: 'taken_over', attempt: 2 },
  ])
})
