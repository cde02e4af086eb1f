import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROVIDER, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { generateLessons } from '../../../systems/lessons/generate.ts'
import type { LessonGroup } from '../../../systems/lessons/groups.ts'
import { traceRequest } from '../../../systems/lessons/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const on = (lessonDate: string, timeSlot: string): LessonGroup => ({
  schoolId: SCHOOL,
  lessonDate,
  timeSlot,
})
const request = (groups: readonly LessonGroup[]) => ({
  providerId: PROVIDER,
  requestedBy: 'test',
  groups,
})

/** Drafts that are counted, and that do not end before `finish` is called. */
function heldDrafts() {
  let finish: () => void = () => undefined
  let start: () => void = () => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const started = new Promise<void>((resolve) => {
    start = resolve
  })
  const drafted: (string | null | undefined)[] = []
  const draft = async ({ timeSlot }: LessonGroup) => {
    drafted.push(timeSlot)
    start()
    await finished
    return { title: timeSlot }
  }
  return { draft, drafted, started, finish }
}

test('a lesson that another request is drafting is waited for, not drafted again', async () => {
  const group = on('2025-12-01', '08:00-08:30')
  const { draft, drafted, started, finish } = heldDrafts()
  const first = generateLessons({ ...system, draft }, request([group]))
  await started
  const second = generateLessons({ ...system, draft }, request([group]))
  while ((await system.once.runs({ guard: 'lessons', state: 'running' })).length < 2);
  finish()

  const [made] = (await first).groups
  const [met] = (await second).groups
  expect(made?.verdict).toBe('created')
  expect(met).toMatchObject({ verdict: 'skipped', cause: 'lost-race', lesson: made?.lesson })
  expect(drafted).toEqual(['08:00-08:30'])
})

test('one that takes longer than the wait is in flight, and says when to ask again', async () => {
  const group = on('2025-12-02', '08:00-08:30')
  const { draft, drafted, started, finish } = heldDrafts()
  const first = generateLessons({ ...system, draft }, request([group]))
  await started

  const { groups } = await generateLessons({ ...system, draft, wait: '10ms' }, request([group]))

  expect(groups).toMatchObject([{ verdict: 'in_flight', cause: null, lesson: null }])
  expect(groups[0]?.says).toMatch(/Another request is drafting this lesson.* in \d+ s\./)
  finish()
  expect((await first).totals).toEqual({ created: 1 })
  expect(drafted).toHaveLength(1)
})

test('six equal requests at once draft each lesson once', async () => {
  const groups = ['08:00-08:30', '09:00-09:30', '10:00-10:30'].map((slot) => on('2025-12-03', slot))
  const { draft, drafted, finish } = heldDrafts()
  finish()
  await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() => generateLessons({ ...system, draft }, request(groups))),
  )
  expect(drafted.sort()).toEqual(['08:00-08:30', '09:00-09:30', '10:00-10:30'])
})

test('a lesson that was deleted is drafted and made again', async () => {
  const group = on('2025-12-04', '08:00-08:30')
  const { groups } = await generateLessons(system, request([group]))
  await system.pool.query('DELETE FROM ai_generated_lessons WHERE id = $1', [groups[0]?.lesson])
  expect((await generateLessons(system, request([group]))).totals).toEqual({ created: 1 })
})

test('a request that dies after a lesson was made can still be traced to its row', async () => {
  const dying = {
    query: (text: string, values?: unknown[]) => {
      if (text.includes('finished_at = clock_timestamp()')) throw new Error('killed')
      if (text.includes('jsonb_to_recordset($2::jsonb)')) throw new Error('killed')
      return system.pool.query(text, values)
    },
  }
  const groups = [on('2025-12-05', '08:00-08:30')]
  await expect(generateLessons({ ...system, pool: dying }, request(groups))).rejects.toThrow(
    'killed',
  )
  const { rows } = await system.pool.query(
    "SELECT request_id FROM ai_generated_lessons WHERE lesson_date = '2025-12-05'",
  )
  expect(await traceRequest(system.pool, rows[0]?.request_id)).toMatchObject({
    finished_at: null,
    groups: [{ verdict: 'created', lesson: { time_slot: '08:00-08:30', request_position: 0 } }],
  })
})

test('a draft that keeps failing is left alone after ten attempts, and says so', async () => {
  const group = on('2025-12-08', '08:00-08:30')
  let drafts = 0
  const draft = async (): Promise<never> => {
    drafts++
    throw new Error('No model.')
  }
  for (let attempt = 1; attempt <= 10; attempt++) {
    const { groups } = await generateLessons({ ...system, draft }, request([group]))
    expect(groups[0]).toMatchObject({ verdict: 'failed', cause: null })
  }
  const { groups } = await generateLessons({ ...system, draft }, request([group]))
  expect(drafts).toBe(10)
  expect(groups[0]?.says).toContain('is left until it is retried: No model.')
})
