import type { Handle } from 'onceover'
import { SLOT_MINUTES } from './guards.ts'

/** The school of the incident's lessons. */
export const SCHOOL = '5c000000-0000-4000-8000-000000000001'
/** A second school of the same provider. */
export const OTHER_SCHOOL = '5c000000-0000-4000-8000-000000000002'
/** The provider of the incident's lessons. */
export const PROVIDER = '9a000000-0000-4000-8000-000000000001'

/** The legacy slot that stands in for a slot nobody passed on. */
export const FALLBACK_SLOT = 'structured'

/** The slots of the incident's week and the dates on which each has a lesson. */
const INCIDENT_WEEK: Readonly<Record<string, readonly string[]>> = {
  '08:15-08:45': ['2025-09-02', '2025-09-04'],
  '08:30-09:00': ['2025-09-01', '2025-09-05'],
  '09:00-10:00': ['2025-09-02', '2025-09-04'],
  '09:15-09:45': ['2025-09-01', '2025-09-03'],
  '09:30-10:00': ['2025-09-03', '2025-09-05'],
  '09:45-10:15': ['2025-09-01', '2025-09-05'],
  '10:20-10:50': ['2025-09-01', '2025-09-03'],
  '10:20-11:20': ['2025-09-03', '2025-09-05'],
  '10:30-11:00': ['2025-09-02', '2025-09-04'],
  '11:00-11:30': ['2025-09-02', '2025-09-04'],
  '11:30-12:00': ['2025-09-01', '2025-09-03'],
  '12:30-13:00': ['2025-09-05'],
  [FALLBACK_SLOT]: ['2025-09-02'],
}

/** The incident's 24 lessons in 13 slots, 'structured' among them; no two share a key. */
const INCIDENT_LESSONS = Object.entries(INCIDENT_WEEK).flatMap(([time_slot, dates]) =>
  dates.map((lesson_date) => ({ lesson_date, time_slot })),
)

/** Puts the two schools and the provider in place. */
export async function plantPeople(handle: Handle): Promise<void> {
  await handle.query("INSERT INTO schools (id, name) VALUES ($1, 'North'), ($2, 'South')", [
    SCHOOL,
    OTHER_SCHOOL,
  ])
  await handle.query("INSERT INTO providers (id, name) VALUES ($1, 'Speech therapy')", [PROVIDER])
}

/** Puts the incident's lessons in place (after `plantPeople`), as the investigation found them. */
export async function plantIncident(handle: Handle): Promise<void> {
  await handle.query(
    `INSERT INTO ai_generated_lessons (provider_id, school_id, lesson_date, time_slot, content)
     SELECT $1, $2, lesson_date, time_slot, '{"legacy": true}'
     FROM jsonb_to_recordset($3::jsonb) AS lesson (lesson_date date, time_slot text)`,
    [PROVIDER, SCHOOL, JSON.stringify(INCIDENT_LESSONS)],
  )
}

/**
 * The older, narrower constraint: it forgets the school, so a provider's second school at the same
 * hour is refused although its key is another.
 */
export async function addNarrowConstraint(handle: Handle): Promise<void> {
  await handle.query(
    `ALTER TABLE ai_generated_lessons ADD CONSTRAINT ai_generated_lessons_provider_slot
     UNIQUE (provider_id, lesson_date, time_slot)`,
  )
}

/** A constraint that refuses lessons whose slots overlap, on one date alone. */
export async function addOverlapConstraint(handle: Handle, date: string): Promise<void> {
  await handle.query(
    `ALTER TABLE ai_generated_lessons ADD CONSTRAINT ai_generated_lessons_no_overlap
     EXCLUDE USING gist ((${SLOT_MINUTES}) WITH &&) WHERE (lesson_date = '${date}')`,
  )
}
