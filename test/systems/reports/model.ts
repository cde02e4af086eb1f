import { Temporal } from 'temporal-polyfill'
import type { Attempt, Session, Student } from '../../../systems/reports/fixture.ts'
import type { Metrics } from '../../../systems/reports/metrics.ts'
import type { Window } from '../../../systems/reports/period.ts'

/** What students did. */
export interface Deeds {
  readonly attempts: readonly Attempt[]
  readonly sessions: readonly Session[]
}

interface Stretch {
  readonly from: number
  readonly until: number
}

const round = (value: number, digits: number) =>
  Math.round((value + Number.EPSILON) * 10 ** digits) / 10 ** digits

const percent = (attempts: readonly Attempt[]) =>
  attempts.length === 0
    ? null
    : round((100 * attempts.filter(({ is_correct }) => is_correct).length) / attempts.length, 2)

const gradeOf = (accuracy: number | null): Metrics['grade'] => {
  if (accuracy === null) return null
  const passed = ([90, 80, 70, 60] as const).findIndex((least) => accuracy >= least)
  return (['A', 'B', 'C', 'D'] as const)[passed] ?? 'F'
}

const minutesIn =
  ({ from, until }: Stretch) =>
  (session: Session) =>
    Math.max(
      0,
      Math.min(Date.parse(session.ended_at), until) -
        Math.max(Date.parse(session.started_at), from),
    ) / 60_000

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function streakOf(dates: readonly string[]): number {
  let [longest, length] = [0, 0]
  for (const [place, date] of dates.entries()) {
    const yesterday = Temporal.PlainDate.from(date).subtract({ days: 1 }).toString()
    length = dates[place - 1] === yesterday ? length + 1 : 1
    longest = Math.max(longest, length)
  }
  return longest
}

/** The metrics of one student, worked out by other means than SQL, from what was planted. */
export function modelOf(deeds: Deeds, student: Student, window: Window): Metrics {
  const now = { from: Date.parse(window.startsAt), until: Date.parse(window.endsAt) }
  const before = { from: Date.parse(window.previousStartsAt), until: now.from }
  const attemptsIn = ({ from, until }: Stretch) =>
    deeds.attempts.filter(({ user_id, answered_at }) => {
      const at = Date.parse(answered_at)
      return user_id === student.id && at >= from && at < until
    })
  const sessionsIn = (stretch: Stretch) =>
    deeds.sessions.filter(
      (session) => session.user_id === student.id && minutesIn(stretch)(session) > 0,
    )
  const [attempts, earlier] = [attemptsIn(now), attemptsIn(before)]
  const sessions = sessionsIn(now)
  const [accuracy, accuracyBefore] = [percent(attempts), percent(earlier)]
  const studyMinutes = Math.round(sum(sessions.map(minutesIn(now))))
  const moods = sessions.flatMap(({ mood }) => mood ?? [])
  const dayOf = (at: number) =>
    new Intl.DateTimeFormat('en-CA', { timeZone: window.timeZone }).format(at)
  const done = [
    ...attempts.map((attempt) => ({
      date: dayOf(Date.parse(attempt.answered_at)),
      ...{ questions: 1, correct: Number(attempt.is_correct), minutes: 0 },
    })),
    ...sessions.map((session) => ({
      date: dayOf(Math.max(Date.parse(session.started_at), now.from)),
      ...{ questions: 0, correct: 0, minutes: minutesIn(now)(session) },
    })),
  ]
  const dates = [...new Set(done.map(({ date }) => date))].sort()
  const total = (of: readonly (typeof done)[number][], what: 'questions' | 'correct' | 'minutes') =>
    sum(of.map((each) => each[what]))
  const subjects = [...new Set(attempts.map(({ subject }) => subject))].sort()
  return {
    name: student.name,
    questions: attempts.length,
    correct: attempts.filter(({ is_correct }) => is_correct).length,
    accuracy,
    grade: gradeOf(accuracy),
    studyMinutes,
    sessions: sessions.length,
    sessionsTogether: sessions.filter(({ companions }) => companions > 0).length,
    mood: moods.length === 0 ? null : round(sum(moods) / moods.length, 2),
    streak: streakOf(dates),
    accuracyTrend:
      accuracy === null || accuracyBefore === null ? null : round(accuracy - accuracyBefore, 2),
    questionTrend: attempts.length - earlier.length,
    minutesTrend: studyMinutes - Math.round(sum(sessionsIn(before).map(minutesIn(before)))),
    subjects: subjects.map((subject) => {
      const of = attempts.filter((attempt) => attempt.subject === subject)
      const correct = of.filter(({ is_correct }) => is_correct).length
      return { subject, questions: of.length, correct }
    }),
    days: dates.map((date) => {
      const of = done.filter((each) => each.date === date)
      return {
        date,
        questions: total(of, 'questions'),
        correct: total(of, 'correct'),
        minutes: Math.round(total(of, 'minutes')),
      }
    }),
  }
}
