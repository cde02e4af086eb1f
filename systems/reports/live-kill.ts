import { addDays } from '../days.ts'
import { type Furnishing, pageOf, type Told } from '../live-system.ts'
import { addAttempts, addSessions, deedsOf, enrol, student } from './fixture.ts'
import { reportBatches } from './guards.ts'
import { BUILT, type KillTask, killFirst, type Program } from './kill.ts'
import { isUnit, type ReportUnit, unitsOf } from './selection.ts'

const JOINING = 6
const WEEKS = 4
const WORKERS = 2
const WRITING_MS = 350
const WAIT = '60s'
const REASON = 'students who joined'

/** How a worker is killed; by default as in the demo. */
export interface KillOptions {
  /** What the processes run. */
  readonly program?: Program
  /** How long each report takes to write, in milliseconds. */
  readonly writingMs?: number
}

/**
 * Students join with what they did at another school, and two processes write their reports of four
 * weeks. The first gets SIGKILL in the middle; the other takes over what it held.
 */
export async function killWorker(
  furnishing: Furnishing,
  { program = BUILT, writingMs = WRITING_MS }: KillOptions = {},
): Promise<Told> {
  const { once, url } = furnishing
  const units = await joining(furnishing)
  const policy = { onDuplicate: 'skip', reason: REASON, wait: WAIT } as const
  const tasks = Array.from({ length: WORKERS }, (_, n): KillTask => {
    return { url, name: `worker ${n + 1}`, units, ...policy, writingMs }
  })
  const [victim, survivor] = await killFirst(tasks, () => undefined, program)
  if (!victim?.killed || !survivor) {
    return { says: 'The workers were done before one could be killed.', see: '#/runs' }
  }
  const taken = await once.events({
    guard: reportBatches.name,
    verdict: 'taken_over',
    run: survivor.last.run ?? '',
  })
  const keys = taken.reduce((sum, event) => sum + event.keys.length, 0)
  return {
    says:
      `${JOINING} students joined, with ${units.length} reports to write. ${victim.name} ` +
      `(process ${victim.pid}) got SIGKILL when it had made ${victim.killed.made} and held ` +
      `${victim.killed.held}; ${survivor.name} took ${keys} over and wrote the rest.`,
    see: pageOf(reportBatches, 'matrix', 'sort=worst'),
  }
}

const COUNT_STUDENTS = 'SELECT count(*)::int AS students FROM users'

/** What is to be written of students who join now. */
async function joining({ pool, today }: Furnishing): Promise<ReportUnit[]> {
  const { rows } = await pool.query(COUNT_STUDENTS)
  const before = Number(rows[0]?.students)
  const students = Array.from({ length: JOINING }, (_, n) => student(before + n))
  const ids = students.map(({ id }) => id)
  const dates = Array.from({ length: WEEKS }, (_, ago) => addDays(today, -7 * ago))
  await enrol(pool, students, dates.at(-1))
  for (const [seed, week] of dates.entries()) {
    // Each call is of a week and the one before.
    if (seed % 2 > 0) continue
    const { attempts, sessions } = deedsOf({ students: before + JOINING, week, seed: seed + 1 })
    const isTheirs = ({ user_id }: { readonly user_id: string }) => ids.includes(user_id)
    await addAttempts(pool, attempts.filter(isTheirs))
    await addSessions(pool, sessions.filter(isTheirs))
  }
  const asked = dates.map((date) => unitsOf(pool, { period: 'weekly', date }, ids))
  const units = (await Promise.all(asked)).flat().filter(isUnit)
  return units.filter(({ input }) => Date.parse(input.startsAt) <= Date.now())
}
