import type { Pool } from 'pg'
import { addDays } from '../days.ts'
import { cancelledSessions, enrolments, groupSessions } from './incident-bystanders.ts'
import {
  DUPLICATE_SERIES,
  FIRST_DATE,
  PLAIN_SERIES,
  STUDENTS,
  TEACHERS,
  ZONE,
} from './incident-plan.ts'
import {
  BRANCH,
  FIRST_RUN,
  HOUR,
  idOf,
  iso,
  MINUTE,
  numbers,
  type SeriesRow,
  type SessionRow,
} from './incident-rows.ts'
import { horizon, occurrences } from './recurrence.ts'

/** Every row of the fixture, by table, in an order that the foreign keys allow. */
export interface IncidentRows {
  readonly branches: readonly object[]
  readonly teachers: readonly object[]
  readonly students: readonly object[]
  readonly class_series: readonly SeriesRow[]
  readonly class_sessions: readonly SessionRow[]
  readonly class_session_students: readonly object[]
}

/** A series with what the generator made of it. */
interface Planned {
  readonly row: SeriesRow
  /** How many of its dates have sessions. */
  readonly dates: number
  /** How many hourly runs made them again. */
  readonly runs: number
}

const PLAIN_SERIES_MADE = Date.parse('2025-09-01T09:00:00+09:00')
const DUPLICATES_MADE = Date.parse('2025-10-10T01:00:00+09:00')
/** Rows of one run are a quarter of a second apart: from :03 to :05 past the hour. */
const ROW_PACE = 250
const DAYS_OF_WEEK = 7
const DAY = 24 * HOUR

/**
 * All rows of the incident: on 2025-10-23 93 sessions of 65 keys, 300 rows too many in the table,
 * 24 ACTIVE series too many. Beside them stand rows that no cleanup may touch: cancelled sessions
 * with the keys of living ones, and group classes.
 */
export function incidentRows(): IncidentRows {
  const planned = [...plainSeries(), ...duplicateSeries()].sort((a, b) =>
    a.row.created_at < b.row.created_at ? -1 : 1,
  )
  const generated = generatedSessions(planned)
  const beside = [...cancelledSessions(generated), ...groupSessions()]
  return {
    ...people(),
    class_series: planned.map((plan) => plan.row),
    class_sessions: [...generated, ...beside],
    class_session_students: enrolments(),
  }
}

/**
 * The same school before anything went wrong: its first `count` series, no duplicate among them,
 * and no sessions yet.
 */
export function healthyRows(count: number): IncidentRows {
  const none = { class_sessions: [], class_session_students: [] }
  const healthy = plainSeries().slice(0, count)
  return { ...people(), class_series: healthy.map((plan) => plan.row), ...none }
}

/** The rows as if everything had happened so many weeks later: weekdays and times stay. */
export function weeksLater(rows: IncidentRows, weeks: number): IncidentRows {
  const days = weeks * DAYS_OF_WEEK
  const later = <Row extends object>(row: Row): Row => ({
    ...row,
    ...('date' in row && { date: addDays(String(row.date), days) }),
    ...('created_at' in row && {
      created_at: iso(Date.parse(String(row.created_at)) + days * DAY),
    }),
  })
  return {
    ...rows,
    class_series: rows.class_series.map(later),
    class_sessions: rows.class_sessions.map(later),
    class_session_students: rows.class_session_students.map(later),
  }
}

/** Loads rows into empty tables, in one transaction. */
export async function loadRows(pool: Pool, rows: IncidentRows): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const [table, tableRows] of Object.entries(rows)) {
      await client.query(fillTable(table), [JSON.stringify(tableRows)])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

/** Fills one of the school's tables; $1 is a JSON array of complete rows. */
const fillTable = (table: string) =>
  `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`

const people = () => ({
  branches: [{ id: BRANCH, name: 'Station branch', time_zone: ZONE }],
  teachers: numbers(TEACHERS).map((n) => ({ id: idOf('teacher', n), name: `Teacher ${n}` })),
  students: numbers(STUDENTS).map((n) => ({
    id: idOf('student', n),
    branch_id: BRANCH,
    name: `Student ${n}`,
  })),
})

function plainSeries(): Planned[] {
  return PLAIN_SERIES.map((plain, index) => ({
    row: {
      id: idOf('series', index + 1),
      ...seriesColumns(plain),
      days_of_week: plain.days,
      created_at: iso(PLAIN_SERIES_MADE + index * MINUTE),
    },
    dates: plain.dates,
    runs: 1,
  }))
}

/** Every second series of a group has its weekdays the other way round. */
function duplicateSeries(): Planned[] {
  return DUPLICATE_SERIES.flatMap((group, g) =>
    group.madeAt.map((minute, k) => ({
      row: {
        id: idOf('series', 100 + g * 10 + k),
        ...seriesColumns(group),
        days_of_week: k % 2 === 0 ? group.days : group.days.toReversed(),
        created_at: iso(DUPLICATES_MADE + minute * MINUTE + g * 1000),
      },
      dates: group.dates,
      runs: group.runs[k] ?? 0,
    })),
  )
}

const seriesColumns = (plan: {
  readonly teacher: number
  readonly student: number
  readonly start: string
  readonly end: string
}) => ({
  branch_id: BRANCH,
  teacher_id: idOf('teacher', plan.teacher),
  student_id: idOf('student', plan.student),
  start_time: plan.start,
  end_time: plan.end,
  status: 'ACTIVE',
})

/** Replays the hourly runs in order: a session that overlaps an earlier one is CONFLICTED. */
function generatedSessions(planned: readonly Planned[]): SessionRow[] {
  const made: SessionRow[] = []
  const runs = Math.max(...planned.map((plan) => plan.runs))
  for (let run = 0; run < runs; run += 1) {
    const wanted = planned
      .filter((plan) => run < plan.runs)
      .flatMap(({ row, dates }) => datesOf(row, dates).map((date) => ({ row, date })))
    wanted.forEach(({ row, date }, place) => {
      made.push(sessionOf(row, date, made, iso(FIRST_RUN + run * HOUR + place * ROW_PACE)))
    })
  }
  return made
}

function datesOf(row: SeriesRow, count: number): string[] {
  const pattern = {
    zone: ZONE,
    daysOfWeek: row.days_of_week,
    startTime: row.start_time,
    endTime: row.end_time,
  }
  const dates = occurrences(pattern, horizon(FIRST_DATE, 28)).map((occurrence) => occurrence.date)
  return dates.slice(0, count)
}

function sessionOf(
  row: SeriesRow,
  date: string,
  earlier: readonly SessionRow[],
  createdAt: string,
): SessionRow {
  const { branch_id, teacher_id, student_id, start_time, end_time } = row
  const overlaps = earlier.some(
    (other) =>
      other.date === date &&
      (other.teacher_id === teacher_id || other.student_id === student_id) &&
      other.start_time < end_time &&
      start_time < other.end_time,
  )
  return {
    id: idOf('session', earlier.length + 1),
    series_id: row.id,
    ...{ branch_id, teacher_id, student_id, date, start_time, end_time },
    status: overlaps ? 'CONFLICTED' : 'CONFIRMED',
    is_cancelled: false,
    created_at: createdAt,
  }
}
