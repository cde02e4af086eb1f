import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createGroupClass } from '../../../systems/class-sessions/groups.ts'
import { BRANCH, idOf } from '../../../systems/class-sessions/incident-rows.ts'
import { count, guardedSchool, reopen, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await guardedSchool(0)
})

beforeEach(() => reopen(school, 0))

afterAll(() => school?.drop())

const students = (...numbers: number[]) => numbers.map((n) => idOf('student', n))

const request = {
  branch_id: BRANCH,
  teacher_id: idOf('teacher', 1),
  date: '2025-10-25',
  start_time: '10:00',
  end_time: '11:30',
}

async function create(student_ids: string[], change: Partial<typeof request> = {}) {
  const outcome = await createGroupClass(school.once, { ...request, ...change, student_ids })
  if (outcome.outcome === 'refused') throw new Error(outcome.reason)
  return outcome
}

const verdicts = (outcome: Awaited<ReturnType<typeof create>>) =>
  outcome.students.map((student) => student.verdict)

test('a group class is made once with all its students', async () => {
  const first = await create(students(1, 2, 3))
  expect(first.outcome).toBe('created')
  expect(verdicts(first)).toEqual(['created', 'created', 'created'])
  const again = await create(students(1, 2, 3))
  expect(again).toMatchObject({ outcome: 'existing', session: first.session })
  expect(verdicts(again)).toEqual(['skipped', 'skipped', 'skipped'])
  expect(await count(school, 'class_sessions')).toBe(1)
  expect(await count(school, 'class_session_students')).toBe(3)
})

test('students who are new to a standing class join it', async () => {
  await create(students(1, 2))
  expect(verdicts(await create(students(2, 3)))).toEqual(['skipped', 'created'])
})

test('a student named twice and an unknown one do not keep the others out', async () => {
  const outcome = await create(students(1, 1, 999, 2))
  expect(verdicts(outcome)).toEqual(['created', 'collided', 'failed', 'created'])
  expect(await count(school, 'class_session_students')).toBe(2)
})

test('a class whose transaction another one ends is made in the next attempt', async () => {
  // A sequence keeps count where the rollback takes the rest back.
  await school.pool.query(`CREATE SEQUENCE attempts;
    CREATE FUNCTION conflict_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('attempts') = 1 THEN RAISE 'deadlock' USING ERRCODE = '40P01'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER conflict_once BEFORE INSERT ON class_session_students
      FOR EACH ROW EXECUTE FUNCTION conflict_once()`)
  expect(verdicts(await create(students(1, 2)))).toEqual(['created', 'created'])
  await school.pool.query(`DROP TRIGGER conflict_once ON class_session_students;
    DROP FUNCTION conflict_once; DROP SEQUENCE attempts`)
})

test('a student who left may be enrolled again', async () => {
  await create(students(1))
  await school.pool.query('UPDATE class_session_students SET removed_at = now()')
  expect(verdicts(await create(students(1)))).toEqual(['created'])
})

test('the same hour of another teacher is another class', async () => {
  const first = await create(students(1))
  const second = await create(students(2), { teacher_id: idOf('teacher', 2) })
  expect(second.outcome).toBe('created')
  expect(second.session).not.toBe(first.session)
})

test('many requests at once make one class and one seat per student', async () => {
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => create(students(1, 2, 3, 4))))
  expect(outcomes.filter((outcome) => outcome.outcome === 'created')).toHaveLength(1)
  expect(await count(school, 'class_sessions')).toBe(1)
  expect(await count(school, 'class_session_students')).toBe(4)
})

test('an unknown teacher is refused and leaves no class behind', async () => {
  const outcome = await createGroupClass(school.once, {
    ...request,
    teacher_id: idOf('teacher', 999),
    student_ids: students(1),
  })
  expect(outcome).toMatchObject({
    outcome: 'refused',
    constraint: 'class_sessions_teacher_id_fkey',
  })
  expect(await count(school, 'class_session_students')).toBe(0)
})
