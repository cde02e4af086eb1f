import { Temporal } from 'temporal-polyfill'
import type { Metrics } from './metrics.ts'
import type { Report, ReportRequest, ReportType, ReportWriter } from './writer.ts'

type Template = (facts: Facts) => Report

/** A request with what several reports say in the same words. */
interface Facts extends Metrics {
  readonly span: 'week' | 'month'
  /** Every date of the period; `days` has only those on which something was done. */
  readonly dates: readonly string[]
  readonly strongest: string | null
  readonly weakest: string | null
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`

const change = (by: number, what: string) =>
  by === 0
    ? `as many ${what}s as before`
    : `${count(Math.abs(by), what)} ${by > 0 ? 'more' : 'fewer'} than before`

const percent = (accuracy: number | null) =>
  accuracy === null ? 'no questions to judge by' : `${accuracy} % right`

/** Keeps the sentences that apply; `otherwise` where none does. */
const those = (sentences: readonly (string | false)[], otherwise: string): string[] => {
  const applying = sentences.filter((sentence) => sentence !== false)
  return applying.length > 0 ? applying : [otherwise]
}

const bars = (
  labels: readonly string[],
  name: string,
  values: readonly number[],
): Report['chart'] => ({
  kind: 'bar',
  labels: [...labels],
  series: [{ name, values: [...values] }],
})

/** A line over every date of the period, 0 where nothing was done. */
const line = (
  { dates, days }: Facts,
  ...of: readonly ('questions' | 'correct' | 'minutes')[]
): Report['chart'] => {
  const byDate = new Map(days.map((day) => [day.date, day]))
  const series = of.map((name) => ({
    name,
    values: dates.map((date) => byDate.get(date)?.[name] ?? 0),
  }))
  return { kind: 'line', labels: [...dates], series }
}

const share = (questions: number, correct: number) =>
  questions === 0 ? 0 : Math.round((1000 * correct) / questions) / 10

const TEMPLATES: Readonly<Record<ReportType, Template>> = {
  executive_summary: (facts) => ({
    narrative:
      `${facts.name} answered ${count(facts.questions, 'question')} this ${facts.span} ` +
      `(${percent(facts.accuracy)}) and studied for ${count(facts.studyMinutes, 'minute')}.`,
    insights: [
      facts.grade === null ? 'There is no grade yet.' : `The grade is ${facts.grade}.`,
      `That is ${change(facts.questionTrend, 'question')}.`,
    ],
    recommendations: those(
      [facts.streak < 3 && 'Aim for three days of study in a row.'],
      'Keep the rhythm of this period.',
    ),
    chart: line(facts, 'questions', 'correct'),
  }),
  academic_performance: (facts) => ({
    narrative:
      facts.strongest === null
        ? `${facts.name} answered no questions this ${facts.span}.`
        : `${facts.name} is strongest in ${facts.strongest}: ${percent(facts.accuracy)} overall.`,
    insights: those(
      facts.subjects.map(
        ({ subject, questions, correct }) =>
          `${subject}: ${correct} of ${count(questions, 'question')} right.`,
      ),
      'No subject was practised.',
    ),
    recommendations: those(
      [facts.weakest !== null && `Give ${facts.weakest} ten minutes a day.`],
      'Begin with a few questions of any subject.',
    ),
    chart: bars(
      facts.subjects.map(({ subject }) => subject),
      'percent right',
      facts.subjects.map(({ questions, correct }) => share(questions, correct)),
    ),
  }),
  learning_behavior: (facts) => ({
    narrative:
      `${facts.name} studied on ${count(facts.days.length, 'day')} of ${facts.dates.length}, ` +
      `in ${count(facts.sessions, 'session')}.`,
    insights: [
      `The longest run is ${count(facts.streak, 'day')}.`,
      `That is ${change(facts.minutesTrend, 'minute')}.`,
    ],
    recommendations: those(
      [
        facts.sessions > 0 &&
          facts.studyMinutes / facts.sessions > 60 &&
          'Split long sessions: two short ones stay better in mind.',
      ],
      'Keep sessions at about half an hour.',
    ),
    chart: line(facts, 'minutes'),
  }),
  motivation_emotional: (facts) => ({
    narrative:
      facts.mood === null
        ? `${facts.name} did not say how study felt.`
        : `${facts.name} rated study ${facts.mood} of 5.`,
    insights: those(
      [
        facts.mood !== null && facts.mood < 3 && 'Study felt hard.',
        facts.streak >= 5 && 'The habit holds.',
      ],
      'Nothing stands out.',
    ),
    recommendations: those(
      [facts.mood !== null && facts.mood < 3 && 'Ask what made it hard, before the next session.'],
      'Name one thing that went well.',
    ),
    chart: bars(['mood', 'longest run of days'], 'this period', [facts.mood ?? 0, facts.streak]),
  }),
  progress_trajectory: (facts) => ({
    narrative:
      facts.accuracyTrend === null
        ? `There is nothing yet to compare ${facts.name} with.`
        : `${facts.name} moved by ${facts.accuracyTrend} percentage points.`,
    insights: [
      `Questions: ${change(facts.questionTrend, 'question')}.`,
      `Time: ${change(facts.minutesTrend, 'minute')}.`,
    ],
    recommendations: those(
      [(facts.accuracyTrend ?? 0) < 0 && 'Repeat what was wrong before anything new.'],
      'Try the next level in one subject.',
    ),
    chart: line(facts, 'correct'),
  }),
  social_learning: (facts) => ({
    narrative:
      `${facts.name} studied in company in ${facts.sessionsTogether} of ` +
      `${count(facts.sessions, 'session')}.`,
    insights: those(
      [facts.sessionsTogether > 0 && 'Company is part of the routine.'],
      'All study was alone.',
    ),
    recommendations: those(
      [facts.sessionsTogether === 0 && 'Plan one session with a friend.'],
      'Let one session be led by the friend.',
    ),
    chart: bars(['together', 'alone'], 'sessions', [
      facts.sessionsTogether,
      facts.sessions - facts.sessionsTogether,
    ]),
  }),
  risk_opportunity: (facts) => ({
    narrative:
      facts.weakest === null
        ? `The risk for ${facts.name} is that nothing was practised.`
        : `The largest gain for ${facts.name} lies in ${facts.weakest}.`,
    insights: those(
      [
        facts.days.length < 3 && 'Risk: fewer than three days of study.',
        (facts.accuracyTrend ?? 0) < -10 && 'Risk: fewer answers are right than before.',
        facts.grade === 'A' && 'Opportunity: ready for harder questions.',
      ],
      'No risk stands out.',
    ),
    recommendations: those(
      [facts.days.length < 3 && 'Agree on fixed days.'],
      'Leave room for what is fun.',
    ),
    chart: bars(['questions', 'minutes'], 'change', [facts.questionTrend, facts.minutesTrend]),
  }),
  action_plan: (facts) => ({
    narrative: `${facts.name} has two goals for the next ${facts.span}: a skill and a habit.`,
    insights: [
      facts.weakest === null
        ? 'Skill: ten questions.'
        : `Skill: ten questions of ${facts.weakest}.`,
      `Habit: ${count(Math.min(facts.streak + 1, 7), 'day')} in a row.`,
    ],
    recommendations: ['Write both goals down together.', 'Look at them on the last day.'],
    chart: bars(['now', 'goal'], 'days in a row', [facts.streak, Math.min(facts.streak + 1, 7)]),
  }),
}

/** Fills templates: the same metrics give the same words, at once and for nothing. */
export const templateWriter: ReportWriter = {
  version: 'template 1',
  write: async (request) => TEMPLATES[request.type](factsOf(request)),
}

function factsOf({ period, window, metrics }: ReportRequest): Facts {
  const ranked = [...metrics.subjects].sort(
    (a, b) => share(b.questions, b.correct) - share(a.questions, a.correct),
  )
  return {
    ...metrics,
    span: period === 'weekly' ? 'week' : 'month',
    dates: datesOf(window.startDate, window.endDate),
    strongest: ranked[0]?.subject ?? null,
    weakest: ranked.at(-1)?.subject ?? null,
  }
}

function datesOf(startDate: string, endDate: string): string[] {
  const start = Temporal.PlainDate.from(startDate)
  const { days } = start.until(endDate)
  return Array.from({ length: days + 1 }, (_, day) => start.add({ days: day }).toString())
}
