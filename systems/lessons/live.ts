import type { Handle } from 'onceover'
import { addDays, weekday } from '../days.ts'
import { type Furnishing, type LiveSystem, pageOf, type Rerun } from '../live-system.ts'
import { type DraftLesson, draftLesson } from './draft.ts'
import { drafting } from './drafting.ts'
import { FALLBACK_SLOT, OTHER_SCHOOL, PROVIDER, plantPeople, SCHOOL } from './fixture.ts'
import { generateLessons, type LessonSystem } from './generate.ts'
import { type LessonGroup, splitIntoGroups } from './groups.ts'
import { lessons } from './guards.ts'
import { createSchema, weekEvents } from './queries.ts'

const SECOND_PROVIDER = '9a000000-0000-4000-8000-000000000002'
const PLACES = [
  { providerId: PROVIDER, schoolId: SCHOOL },
  { providerId: SECOND_PROVIDER, schoolId: OTHER_SCHOOL },
] as const

/** Start and end of each slot of a school day. */
const SLOTS = [
  ['08:15', '08:45'],
  ['09:15', '09:45'],
  ['10:20', '10:50'],
  ['11:00', '11:30'],
  ['12:30', '13:00'],
  ['13:15', '13:45'],
] as const
const DAYS = 14
const SATURDAY = 6

const FAILING = '11:00-11:30'
const REQUESTED_BY = 'front end'
const RERUN_BY = 'keyboard'

/** A calendar of school days; $1: provider, $2: school, $3: dates, $4: the slots as JSON. */
const PLANT_CALENDAR = `
  INSERT INTO calendar_events (provider_id, school_id, event_date, start_time, end_time, student)
  SELECT $1, $2, day, (slot ->> 0)::time, (slot ->> 1)::time, student
  FROM unnest($3::date[]) AS day, jsonb_array_elements($4::jsonb) AS slot,
       unnest(ARRAY['Ada', 'Ben']) AS student`

/**
 * Two weeks of two providers' calendars with the lessons that were made of them, by the system's
 * own code. On the last day one afternoon was not asked for, one draft failed, and one request was
 * sent twice; the week before a slot was not passed on.
 */
export async function furnishLessons({ once, pool, today }: Furnishing): Promise<LiveSystem> {
  await createSchema(pool)
  await plantPeople(pool)
  await pool.query("INSERT INTO providers (id, name) VALUES ($1, 'Reading support')", [
    SECOND_PROVIDER,
  ])
  await once.enforce(lessons)
  const days = schoolDays(addDays(today, 1 - DAYS), addDays(today, 7))
  for (const { providerId, schoolId } of PLACES) {
    await pool.query(PLANT_CALENDAR, [providerId, schoolId, days, JSON.stringify(SLOTS)])
  }
  const past = days.filter((day) => day <= today)
  const system = { once, pool }
  await Promise.all(PLACES.map(({ providerId }) => askForAll(system, providerId, past)))
  const lastDay = past.at(-1) ?? today
  const groups = await groupsOf(pool, PROVIDER, lastDay)
  const twice = { providerId: PROVIDER, requestedBy: 'double click', groups }
  await generateLessons({ ...system, draft: failingAt(FAILING) }, twice)
  const nextDay = days.find((day) => day > today) ?? today
  const asked = { schoolId: SCHOOL, lessonDate: nextDay }
  const timeSlots = [SLOTS[0].join('-'), FALLBACK_SLOT]
  return {
    guards: [lessons],
    generators: [drafting(draftLesson)],
    example: {
      path: '/lessons/requests',
      body: { providerId: PROVIDER, groups: timeSlots.map((timeSlot) => ({ ...asked, timeSlot })) },
    },
    planted: {
      says:
        `${SLOTS.length} slots × ${past.length} school days of two providers. On the last one ` +
        'two lessons are missing, one failed.',
      see: pageOf(lessons, 'matrix'),
    },
    rerun: () => rerun(system, addDays(today, -6)),
  }
}

function schoolDays(from: string, to: string): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) {
    if (weekday(day) < SATURDAY) days.push(day)
  }
  return days
}

async function groupsOf(pool: Handle, providerId: string, day: string): Promise<LessonGroup[]> {
  const groups = splitIntoGroups(await weekEvents(pool, providerId, day))
  return groups.filter(({ lessonDate }) => lessonDate === day)
}

async function askForAll(
  system: LessonSystem,
  providerId: string,
  days: readonly string[],
): Promise<void> {
  const [lastDay, weekBefore] = [days.at(-1), days.at(-6)]
  for (const day of days) {
    const all = await groupsOf(system.pool, providerId, day)
    const isFirst = providerId === PROVIDER
    const lost = { schoolId: SCHOOL, lessonDate: day, timeSlot: FALLBACK_SLOT }
    const asked = !isFirst && day === lastDay ? all.slice(0, 4) : all
    const groups = isFirst && day === weekBefore ? [...asked, lost] : asked
    const draft = isFirst && day === lastDay ? failingAt(FAILING) : draftLesson
    await generateLessons({ ...system, draft }, { providerId, requestedBy: REQUESTED_BY, groups })
  }
}

const failingAt =
  (slot: string): DraftLesson =>
  async (group) => {
    if (group.timeSlot === slot)
      throw new Error('The model answered with something that is no lesson.')
    return draftLesson(group)
  }

/** The lessons of $1 and later, by provider. */
const MADE_SINCE = `
  SELECT provider_id, json_agg(json_build_object('schoolId', school_id, 'lessonDate', lesson_date,
    'timeSlot', time_slot) ORDER BY lesson_date, time_slot) AS groups
  FROM ai_generated_lessons WHERE lesson_date >= $1 GROUP BY provider_id`

async function rerun(system: LessonSystem, since: string): Promise<Rerun> {
  const { rows } = await system.pool.query(MADE_SINCE, [since])
  const total = { asked: 0, made: 0, skipped: 0 }
  for (const row of rows) {
    const groups = row.groups as LessonGroup[]
    const request = { providerId: String(row.provider_id), requestedBy: RERUN_BY, groups }
    const { totals } = await generateLessons(system, request)
    total.asked += groups.length
    total.made += totals.created ?? 0
    total.skipped += totals.skipped ?? 0
  }
  return { what: 'lessons', ...total }
}
