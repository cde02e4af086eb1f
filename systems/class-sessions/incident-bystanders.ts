import { BRANCH, FIRST_RUN, HOUR, idOf, iso, numbers, type SessionRow } from './incident-rows.ts'

/** Two cancelled sessions with the key of a duplicated one: the guard leaves them alone. */
export function cancelledSessions(generated: readonly SessionRow[]): SessionRow[] {
  const original = generated.find(({ teacher_id }) => teacher_id === idOf('teacher', 3))
  if (original === undefined) return []
  return [1, 2].map((n) => ({
    ...original,
    id: idOf('session', 9000 + n),
    status: 'CANCELLED',
    is_cancelled: true,
    created_at: iso(FIRST_RUN - n * HOUR),
  }))
}

const GROUP_DATES = ['2025-10-25', '2025-11-01']
const GROUP_SIZE = 5

/** Two group classes on Saturdays, each with a roster of five. */
export function groupSessions(): SessionRow[] {
  return GROUP_DATES.map((date, index) => ({
    id: idOf('session', 9100 + index),
    series_id: null,
    branch_id: BRANCH,
    teacher_id: idOf('teacher', 1),
    student_id: null,
    date,
    start_time: '10:00',
    end_time: '11:30',
    status: 'CONFIRMED',
    is_cancelled: false,
    created_at: iso(FIRST_RUN - HOUR),
  }))
}

/** The rosters of the group classes. */
export function enrolments(): object[] {
  return GROUP_DATES.flatMap((_, index) =>
    numbers(GROUP_SIZE).map((n) => ({
      id: idOf('enrolment', index * GROUP_SIZE + n),
      class_session_id: idOf('session', 9100 + index),
      student_id: idOf('student', 10 + n),
      removed_at: null,
      created_at: iso(FIRST_RUN - HOUR),
    })),
  )
}
