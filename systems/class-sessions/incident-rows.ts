/** A row of class_series. */
export interface SeriesRow {
  readonly id: string
  readonly branch_id: string
  readonly teacher_id: string
  readonly student_id: string
  readonly start_time: string
  readonly end_time: string
  readonly days_of_week: readonly number[]
  readonly status: string
  readonly created_at: string
}

/** A row of class_sessions. */
export interface SessionRow {
  readonly id: string
  readonly series_id: string | null
  readonly branch_id: string
  readonly teacher_id: string
  readonly student_id: string | null
  readonly date: string
  readonly start_time: string
  readonly end_time: string
  readonly status: string
  readonly is_cancelled: boolean
  readonly created_at: string
}

const KINDS = { branch: 1, teacher: 2, student: 3, series: 4, session: 5, enrolment: 6 } as const

/** A row's id, the same on every load: the fixture has no randomness. */
export const idOf = (kind: keyof typeof KINDS, number: number): string =>
  `${String(KINDS[kind]).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`

/** The one branch of the incident. */
export const BRANCH = idOf('branch', 1)
/** In milliseconds. */
export const MINUTE = 60_000
/** In milliseconds. */
export const HOUR = 60 * MINUTE
/** When the first of the hourly runs began, in milliseconds. */
export const FIRST_RUN = Date.parse('2025-10-16T20:03:00+09:00')

/** 1, 2, … count. */
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** An instant in milliseconds as ISO text. */
export const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
