import type { LessonAnswer } from './answer.ts'
import {
  addNarrowConstraint,
  addOverlapConstraint,
  FALLBACK_SLOT,
  OTHER_SCHOOL,
  PROVIDER,
  SCHOOL,
} from './fixture.ts'
import { generateLessons, type LessonSystem } from './generate.ts'
import type { LessonGroup } from './groups.ts'
import { waitUntilBlocked } from './queries.ts'

/*
 * Each cause that the investigation guessed at, produced on purpose. Every function sends requests
 * for a date of its own and gives back the answer that shows the cause.
 */

const send = (system: LessonSystem, groups: readonly LessonGroup[]): Promise<LessonAnswer> =>
  generateLessons(system, { providerId: PROVIDER, requestedBy: 'incident', groups })

const slot = (lessonDate: string, timeSlot: string | null, schoolId: string | null = SCHOOL) => ({
  schoolId,
  lessonDate,
  timeSlot,
})

/** (a) The same key twice inside one request, between two others. */
export function sameKeyTwice(system: LessonSystem): Promise<LessonAnswer> {
  const date = '2025-09-08'
  return send(system, [
    slot(date, '08:30-09:00'),
    slot(date, '09:30-10:00'),
    slot(date, '08:30-09:00'),
    slot(date, '10:30-11:00'),
  ])
}

/**
 * (b) A lost race: another request holds the same key uncommitted while this one, which cannot see
 * it, drafts and inserts; the other commits first.
 */
export async function lostRace(system: LessonSystem): Promise<LessonAnswer> {
  const groups = [slot('2025-09-09', '08:30-09:00')]
  let loser: Promise<LessonAnswer> | undefined
  await system.once.transaction(async (tx) => {
    const { rows } = await tx.query('SELECT pg_backend_pid() AS pid')
    await tx.query(
      `INSERT INTO ai_generated_lessons (provider_id, school_id, lesson_date, time_slot)
       VALUES ($1, $2, $3, $4)`,
      [PROVIDER, SCHOOL, groups[0]?.lessonDate, groups[0]?.timeSlot],
    )
    loser = send(system, groups)
    // Its error is the caller's: it must not count as unhandled while we wait here.
    loser.catch(() => undefined)
    await waitUntilBlocked(system.pool, Number(rows[0]?.pid))
  })
  return loser ?? send(system, groups)
}

/** (c) A retry of finished work: the same request again. */
export async function retryOfFinishedWork(system: LessonSystem): Promise<LessonAnswer> {
  const groups = [slot('2025-09-10', '08:30-09:00'), slot('2025-09-10', '09:30-10:00')]
  await send(system, groups)
  return send(system, groups)
}

/** (d) A missing key part, sent twice: a unique constraint alone lets both through. */
export async function missingSchool(system: LessonSystem): Promise<LessonAnswer> {
  const groups = [slot('2025-09-11', '08:30-09:00', null), slot('2025-09-11', '09:30-10:00')]
  await send(system, groups)
  return send(system, groups)
}

/** (e) The fallback instead of a slot that was not passed on. */
export function fallbackSlot(system: LessonSystem): Promise<LessonAnswer> {
  return send(system, [slot('2025-09-12', FALLBACK_SLOT), slot('2025-09-12', '09:30-10:00')])
}

/** (f) The provider's second school at the same hour, under an older constraint without school. */
export async function narrowerConstraint(system: LessonSystem): Promise<LessonAnswer> {
  await addNarrowConstraint(system.pool)
  const date = '2025-09-15'
  await send(system, [slot(date, '08:30-09:00')])
  return send(system, [
    slot(date, '09:30-10:00'),
    slot(date, '08:30-09:00', OTHER_SCHOOL),
    slot(date, '10:30-11:00', OTHER_SCHOOL),
  ])
}

/**
 * (g) Overlapping slots, which are different keys: both lessons are made, and both answers say so.
 */
export function overlappingSlots(system: LessonSystem): Promise<LessonAnswer> {
  const date = '2025-09-16'
  return send(system, [
    slot(date, '10:20-10:50'),
    slot(date, '10:20-11:20'),
    slot(date, '11:20-11:50'),
  ])
}

/** (g) again, under a constraint that refuses overlaps: the second lesson is not made. */
export async function refusedOverlap(system: LessonSystem): Promise<LessonAnswer> {
  const date = '2025-09-17'
  await addOverlapConstraint(system.pool, date)
  await send(system, [slot(date, '10:20-10:50')])
  return send(system, [slot(date, '10:20-11:20'), slot(date, '11:20-11:50')])
}
