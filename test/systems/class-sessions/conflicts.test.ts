import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Slot, statusesOf } from '../../../systems/class-sessions/conflicts.ts'
import { BRANCH, idOf } from '../../../systems/class-sessions/incident-rows.ts'
import { openSchool, type TestSchool } from './school.ts'

let school: TestSchool

const standing: Slot = {
  date: '2025-10-23',
  start_time: '18:00',
  end_time: '19:00',
  teacher_id: idOf('teacher', 1),
  student_id: idOf('student', 1),
}

beforeAll(async () => {
  school = await openSchool(0)
  await school.pool.query(
    `INSERT INTO class_sessions (branch_id, date, start_time, end_time, teacher_id, student_id)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [BRANCH, ...Object.values(standing)],
  )
})

afterAll(() => school?.drop())

const status = async (change: Partial<Slot>, first: Slot[] = []) =>
  (await statusesOf(school.pool, [...first, { ...standing, ...change }])).at(-1)

const otherTeacher = { teacher_id: idOf('teacher', 2) }
const otherStudent = { student_id: idOf('student', 2) }

test('a session that overlaps one of its teacher or of its student is CONFLICTED', async () => {
  expect(await status({ start_time: '18:30', end_time: '19:30' })).toBe('CONFLICTED')
  expect(await status({ ...otherStudent })).toBe('CONFLICTED')
  expect(await status({ ...otherTeacher })).toBe('CONFLICTED')
})

test('a session does not conflict with its own equal', async () => {
  expect(await status({})).toBe('CONFIRMED')
  expect(await status({ start_time: '18:00:00' })).toBe('CONFIRMED')
})

test('sessions that only touch, of other people, or on another day are CONFIRMED', async () => {
  expect(await status({ start_time: '19:00', end_time: '20:00' })).toBe('CONFIRMED')
  expect(await status({ ...otherTeacher, ...otherStudent })).toBe('CONFIRMED')
  expect(await status({ ...otherStudent, date: '2025-10-24' })).toBe('CONFIRMED')
})

test('a group class conflicts with a session of its teacher', async () => {
  expect(await status({ student_id: null })).toBe('CONFLICTED')
  expect(await status({ student_id: null, ...otherTeacher })).toBe('CONFIRMED')
})

test('of two new sessions that overlap the later one is CONFLICTED', async () => {
  const free = { ...standing, date: '2025-10-30' }
  const both = [free, { ...free, ...otherStudent, start_time: '18:30', end_time: '19:30' }]
  expect(await statusesOf(school.pool, both)).toEqual(['CONFIRMED', 'CONFLICTED'])
})
