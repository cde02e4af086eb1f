import { z } from 'zod'

/*
 * What the routes accept. Dates and times stay text on the branch's wall clock; nothing is turned
 * into an instant on the way.
 */

const wallTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, 'a local time such as 18:00')

const MAX_DAYS = 366
const DAY_MS = 86_400_000

const inOrder = (times: { start_time: string; end_time: string }) =>
  times.start_time < times.end_time
const ORDER = { path: ['end_time'], message: 'end_time must be after start_time' }

/** A new 1:1 series. Without a branch the student's is meant. */
export const seriesRequest = z
  .strictObject({
    branch_id: z.uuid().nullish(),
    teacher_id: z.uuid(),
    student_id: z.uuid(),
    start_time: wallTime,
    end_time: wallTime,
    days_of_week: z.array(z.int().min(1).max(7)).min(1).max(7),
  })
  .refine(inOrder, ORDER)

/** A new 1:1 series. */
export type SeriesRequest = z.infer<typeof seriesRequest>

/** Local dates between which a series is extended, both included; at most a year. */
export const extendRequest = z
  .strictObject({ from: z.iso.date(), until: z.iso.date() })
  .refine(
    ({ from, until }) => from <= until && Date.parse(until) - Date.parse(from) <= MAX_DAYS * DAY_MS,
    { path: ['until'], message: `until must be from 0 to ${MAX_DAYS} days after from` },
  )

/** One group class with its students. */
export const groupClassRequest = z
  .strictObject({
    branch_id: z.uuid(),
    teacher_id: z.uuid(),
    date: z.iso.date(),
    start_time: wallTime,
    end_time: wallTime,
    student_ids: z.array(z.uuid()).min(1).max(200),
  })
  .refine(inOrder, ORDER)

/** One group class with its students. */
export type GroupClassRequest = z.infer<typeof groupClassRequest>

/** Which skipped dates to list. */
export const skippedQuery = z.strictObject({
  since: z
    .string()
    .regex(/^\d{1,4}[smhd]$/, 'an age such as 1d')
    .default('1d'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})
