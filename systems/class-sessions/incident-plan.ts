/**
 * What stood in the database on the evening of 2025-10-17, as far as the report tells it, and the
 * smallest assumptions that make its figures add up. Everything here is data; incident.ts makes
 * rows of it.
 *
 * The 93 rows of 2025-10-23 are 18 + 13 + 62. 18 rows of one key are 17 too many, so the other pair
 * has 11 of the 28 too many: its 13 rows stand in two slots.
 */

/** The date that the report counts. */
export const INCIDENT_DATE = '2025-10-23'

/** The branch's time zone; the report's times are in it. */
export const ZONE = 'Asia/Tokyo'

/** Sessions were made for dates from here on. */
export const FIRST_DATE = '2025-10-20'

/** Series of one teacher and student that are equal in everything but their weekdays' order. */
export interface DuplicateSeries {
  readonly teacher: number
  readonly student: number
  readonly start: string
  readonly end: string
  readonly days: readonly number[]
  /** How many of the pattern's dates, from FIRST_DATE on, have sessions. */
  readonly dates: number
  /** One entry per series: the minute after 2025-10-10 01:00 at which it was made. */
  readonly madeAt: readonly number[]
  /** One entry per series: how many hourly runs made a session per date from it. */
  readonly runs: readonly number[]
}

/** The 18 rows: four series, 5 + 5 + 4 + 4 runs. */
const eighteen: DuplicateSeries = {
  teacher: 1,
  student: 1,
  start: '20:00',
  end: '21:30',
  days: [1, 4],
  dates: 5,
  madeAt: [3, 5, 7, 9],
  runs: [5, 5, 4, 4],
}

/** The 13 rows around 18:00–20:15: seven series in two slots, 8 rows and 5 rows. */
const thirteen: readonly DuplicateSeries[] = [
  {
    teacher: 2,
    student: 2,
    start: '18:00',
    end: '20:15',
    days: [2, 4],
    dates: 5,
    madeAt: [3, 5, 7, 9],
    runs: [2, 2, 2, 2],
  },
  {
    teacher: 2,
    student: 2,
    start: '18:30',
    end: '20:15',
    days: [2, 4],
    dates: 5,
    madeAt: [4, 6, 8],
    runs: [2, 2, 1],
  },
]

/** Weekdays of the eight pairs with three series each; none of them on a Thursday. */
const OTHER_DAYS = [
  [1, 3],
  [1, 5],
  [2, 5],
  [3, 5],
  [1, 2],
  [2, 3],
  [3, 6],
  [5, 6],
] as const

const others: readonly DuplicateSeries[] = OTHER_DAYS.map((days, index) => ({
  teacher: 3 + index,
  student: 3 + index,
  start: '17:00',
  end: '18:00',
  days,
  dates: 4,
  madeAt: [4, 6, 9],
  runs: [2, 2, 2],
}))

/** All series that exist more than once: 11 groups of 35 series, so 24 later duplicates. */
export const DUPLICATE_SERIES: readonly DuplicateSeries[] = [eighteen, ...thirteen, ...others]

/** One series made once, weeks before. */
export interface PlainSeries {
  readonly teacher: number
  readonly student: number
  readonly start: string
  readonly end: string
  readonly days: readonly number[]
  readonly dates: number
}

/** Seven slots of an afternoon and evening that do not overlap. */
const SLOTS = [
  ['13:00', '14:00'],
  ['14:15', '15:15'],
  ['15:30', '16:30'],
  ['16:45', '17:45'],
  ['18:00', '19:00'],
  ['19:15', '20:15'],
  ['20:30', '21:30'],
] as const

const PLAIN_TEACHERS = 9
const DAYS_AND_DATES = [
  { days: [4], dates: 3 },
  { days: [2, 4], dates: 6 },
  { days: [4, 6], dates: 6 },
] as const

const inSlots: readonly PlainSeries[] = Array.from({ length: 60 }, (_, index) => {
  const [start, end] = SLOTS[Math.floor(index / PLAIN_TEACHERS)] ?? SLOTS[0]
  const { days, dates } = DAYS_AND_DATES[index % DAYS_AND_DATES.length] ?? DAYS_AND_DATES[0]
  return { teacher: 11 + (index % PLAIN_TEACHERS), student: 11 + index, start, end, days, dates }
})

/** Two more whose teacher has a class in that half hour: conflicts that are no duplicates. */
const overlapping: readonly PlainSeries[] = [0, 1].map((index) => ({
  teacher: 11 + index,
  student: 71 + index,
  start: '13:30',
  end: '14:10',
  days: [4],
  dates: 3,
}))

/** The 62 series without a duplicate, each with a session on 2025-10-23. */
export const PLAIN_SERIES: readonly PlainSeries[] = [...inSlots, ...overlapping]

/** How many teachers the plan names. */
export const TEACHERS = 19
/** How many students the plan names. */
export const STUDENTS = 72
