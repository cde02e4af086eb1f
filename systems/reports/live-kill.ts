import { randomUUID } from 'node:crypto'
import { addDays } from '../days.ts'
import { type Furnishing, pageOf, type Told } from '../live-system.ts'
import { addAttempts } from './fixture.ts'
import { reportBatches } from './guards.ts'
import { BUILT, type KillTask, killFirst, type Program } from './kill.ts'
import { isUnit, type ReportUnit, unitsOf } from './selection.ts'

const WORKERS = 2
const WRITING_MS = 250
const WAIT = '60s'
const REASON = 'late answers of last week'

/** Whose reports of the week of $1 stand. */
const REPORTED = `
  SELECT user_id::text AS id FROM parent_report_batches
  WHERE period = 'weekly' AND status = 'completed' AND $1::date BETWEEN start_date AND end_date
  ORDER BY user_id`

/**
 * Last week's answers of every student come in late, so two processes make last week's reports
 * anew. The first gets SIGKILL in the middle; the other takes over what it held.
 *
 * @param program what the processes run
 */
export async function killWorker(
  { once, pool, url, today }: Furnishing,
  program: Program = BUILT,
): Promise<Told> {
  const date = addDays(today, -7)
  const { rows } = await pool.query(REPORTED, [date])
  const ids = rows.map(({ id }) => String(id))
  const units = (await unitsOf(pool, { period: 'weekly', date }, ids)).filter(isUnit)
  await answerLate(pool, units)
  const name = (n: number) => `worker ${n + 1}`
  const policy = { onDuplicate: 'replace', reason: REASON, wait: WAIT } as const
  const tasks = Array.from({ length: WORKERS }, (_, n): KillTask => {
    return { url, name: name(n), units, ...policy, writingMs: WRITING_MS }
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
      `${victim.name} (process ${victim.pid}) got SIGKILL while it held ${victim.killed.held} of ` +
      `last week's ${units.length} reports. ${survivor.name} took ${keys} over and wrote the rest.`,
    see: pageOf(reportBatches, 'matrix'),
  }
}

/** One more question of each, in the week of the unit. */
const answerLate = (pool: Furnishing['pool'], units: readonly ReportUnit[]): Promise<void> =>
  addAttempts(
    pool,
    units.map(({ key, input }) => ({
      id: randomUUID(),
      user_id: key.user_id,
      subject: 'geography',
      is_correct: true,
      answered_at: input.startsAt,
    })),
  )
