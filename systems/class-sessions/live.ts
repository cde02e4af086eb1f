import type { StoredRepair } from 'onceover'
import { Temporal } from 'temporal-polyfill'
import { addDays } from '../days.ts'
import { forkWorkers } from '../fork-workers.ts'
import { type Furnishing, type LiveSystem, pageOf, type Told } from '../live-system.ts'
import { groupClasses, roster, series, sessions } from './guards.ts'
import { incidentRows, loadRows, weeksLater } from './incident.ts'
import { type IncidentFigures, incidentFigures } from './incident-figures.ts'
import { FIRST_DATE, INCIDENT_DATE } from './incident-plan.ts'
import { BRANCH, idOf } from './incident-rows.ts'
import { repairSchool } from './repair.ts'
import { createTables } from './tables.ts'
import type { RunWorkers } from './trials.ts'
import type { Task, Work } from './work.ts'

/** The class sessions as they live: the incident, and what can be done with it. */
export interface LiveSessions extends LiveSystem {
  /** The date that the incident's report counts, moved near today. */
  readonly day: string
  /** The report's figures as they are now. */
  figures(): Promise<IncidentFigures>
  /** Lets two copies of the incident's hourly generator run at once, without a check. */
  inject(): Promise<Told>
  /** Plans and applies a repair of every guard with duplicates. */
  repair(): Promise<Told>
  /** Takes the last repair back. */
  undo(): Promise<Told>
}

const inProcesses: RunWorkers = (tasks) =>
  forkWorkers<Task, Work>(new URL('./worker.js', import.meta.url), tasks)

const COPIES = 2
const DAYS_GENERATED = 6
/** All of the incident's sessions are over by then. */
const DAYS_AGO = 18
const ACTOR = 'keyboard'

/**
 * The incident as it was found, moved by whole weeks to near today, and nothing repaired: 93
 * sessions on a day that should have 65, 24 series too many, and no index that would refuse more.
 *
 * @param run how the copies of the generator run; forked processes where it is omitted
 */
export async function furnishSessions(
  furnishing: Furnishing,
  run: RunWorkers = inProcesses,
): Promise<LiveSessions> {
  const { once, pool, today } = furnishing
  const weeks = weeksUntil(addDays(today, -DAYS_AGO))
  const day = addDays(INCIDENT_DATE, 7 * weeks)
  await createTables(pool)
  await loadRows(pool, weeksLater(incidentRows(), weeks))
  await once.enforce(groupClasses)
  await once.enforce(roster)
  const figures = () => incidentFigures(pool, day)
  const school = { ...furnishing, day, figures }
  return {
    ...{ day, figures },
    guards: [sessions, series, groupClasses, roster],
    generators: [],
    example: { path: '/class-sessions/api/group-classes', body: groupClass(addDays(today, 7)) },
    planted: {
      says: `The incident, not repaired: 93 sessions on ${named(day)}, where 65 are meant.`,
      see: DUPLICATES,
    },
    inject: () => inject(school, run, addDays(FIRST_DATE, 7 * weeks)),
    repair: () => repair(school),
    undo: () => undo(school),
  }
}

// The same day of the week, the last before a date.
const weeksUntil = (date: string): number =>
  Math.floor(Temporal.PlainDate.from(INCIDENT_DATE).until(date).days / 7)

const groupClass = (date: string) => ({
  branch_id: BRANCH,
  teacher_id: idOf('teacher', 1),
  ...{ date, start_time: '10:00', end_time: '11:30' },
  student_ids: [1, 2, 3].map((n) => idOf('student', n)),
})

interface LiveSchool extends Furnishing {
  readonly day: string
  figures(): Promise<IncidentFigures>
}

const named = (date: string): string =>
  Temporal.PlainDate.from(date).toLocaleString('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  })

const DUPLICATES = pageOf(sessions, 'duplicates')

async function inject(
  { url, day, figures }: LiveSchool,
  run: RunWorkers,
  from: string,
): Promise<Told> {
  const task: Task = {
    ...{ kind: 'naive-run', url, check: 'none' },
    ...{ now: `${from}T00:03:00+09:00`, days: DAYS_GENERATED },
  }
  const works = await run(Array.from({ length: COPIES }, () => task))
  const sum = (of: keyof Work) => works.reduce((total, work) => total + work[of], 0)
  const { onTheDay, distinctOnTheDay } = await figures()
  if (sum('created') === 0) {
    const refused = `The index refused all ${sum('skipped')} sessions that ${COPIES} copies of the`
    const says = `${refused} unguarded hourly generator tried to make. Nothing was duplicated.`
    return { says, see: pageOf(sessions, 'matrix') }
  }
  return {
    says:
      `${COPIES} copies of the unguarded hourly generator made ${sum('created')} sessions: ` +
      `${onTheDay} on ${named(day)}, where ${distinctOnTheDay} are meant.`,
    see: DUPLICATES,
  }
}

async function repair(school: LiveSchool): Promise<Told> {
  const before = await school.figures()
  const now = new Date().toTimeString().slice(0, 8)
  const asker = { actor: ACTOR, reason: `duplicates found at ${now}` }
  const applied = await repairSchool(school, asker)
  if (applied.length === 0) return { says: 'There is no duplicate to repair.', see: DUPLICATES }
  const after = await school.figures()
  const paused = applied.reduce((sum, { changed }) => sum + changed, 0)
  const removed = applied.reduce((sum, { removed }) => sum + removed, 0)
  return {
    says:
      `${paused} series paused, ${removed} sessions removed: ${before.onTheDay} → ` +
      `${after.onTheDay} on ${named(school.day)}. Nothing stops new ones before the guard is ` +
      'enforced.',
    see: '#/repairs',
  }
}

const GUARDS = [sessions, series, groupClasses, roster] as const

async function undo(school: LiveSchool): Promise<Told> {
  const { once } = school
  const applied = (await once.repairs({ state: 'applied' })).filter(isOurs)
  const [last] = applied
  if (!last) return { says: 'No repair is applied that could be undone.', see: '#/repairs' }
  const before = await school.figures()
  // What was repaired in one go goes back in one go, the last first.
  const together = applied.filter(
    (each) => each.reason === last.reason && each.actor === last.actor,
  )
  let dropped = 0
  let rows = 0
  for (const { id, guard: name } of together) {
    const guard = GUARDS.find((each) => each.name === name)
    // What comes back are duplicates: an index would refuse them.
    if (guard) dropped += (await once.unenforce(guard)).dropped.length
    const { restored, reverted } = await once.undoRepair(id, { actor: ACTOR })
    rows += restored + reverted
  }
  const after = await school.figures()
  const gone = dropped > 0 ? ' The unique index went first.' : ''
  return {
    says:
      `${rows} rows are as they were: ${before.onTheDay} → ${after.onTheDay} on ` +
      `${named(school.day)}.${gone}`,
    see: '#/repairs',
  }
}

const isOurs = ({ guard }: StoredRepair): boolean => GUARDS.some(({ name }) => name === guard)
