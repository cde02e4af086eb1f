import type { Handle, Onceover } from 'onceover'
import { type ReportGenerator, reportGenerator } from './generator.ts'
import { type Outcome, outcomeOf, type Tally, type Told, tallying } from './outcome.ts'
import {
  allStudents,
  inOrder,
  isUnit,
  type PeriodWish,
  type UnreadableZones,
  unitsOf,
} from './selection.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

/** What the functions of this system work with. */
export interface ReportSystem {
  readonly once: Onceover
  /** For reading. */
  readonly pool: Handle
  readonly generator: ReportGenerator
}

/** Opens the system on a database, with the writer of its reports. */
export const openReports = (
  once: Onceover,
  pool: Handle,
  writer: ReportWriter = templateWriter,
): ReportSystem => ({ once, pool, generator: reportGenerator(pool, writer) })

/** Which period is meant, what becomes of a batch that exists, and who asks. */
export interface Wish extends PeriodWish {
  /** `replace`, the default, refreshes a batch whose data has changed; `skip` leaves it alone. */
  readonly onDuplicate?: 'replace' | 'skip' | undefined
  readonly actor?: string | undefined
  readonly reason?: string | undefined
}

/** What came of a request for many students. */
export interface Answer {
  /** Onceover's run, by which its events can be asked for; null for a preview. */
  readonly run: string | null
  readonly totals: Tally
  /** One per student: of those asked for in their order, of a run over all the first thousand. */
  readonly outcomes: readonly Outcome[]
  /** Of active students: nothing is made for these, and no other fails for it. */
  readonly unreadableZones: UnreadableZones
}

const WAIT = '20s'
const CONCURRENCY = 8
const MAX_OUTCOMES = 1_000

const askerOf = ({ actor, reason }: Wish) => ({
  ...(actor !== undefined && { actor }),
  ...(reason !== undefined && { reason }),
})

const policyOf = (wish: Wish) => ({ onDuplicate: wish.onDuplicate ?? 'replace', ...askerOf(wish) })

/**
 * Generates one student's reports; where another request is at it, waits for what comes of that.
 * Undefined where there is no such student.
 */
export async function generateOne(
  { once, pool, generator }: ReportSystem,
  userId: string,
  wish: Wish,
): Promise<(Outcome & { readonly run: string | null }) | undefined> {
  const [selected] = await unitsOf(pool, wish, [userId])
  if (!selected || !isUnit(selected)) {
    return selected?.outcome === 'invalid' ? { run: null, ...selected } : undefined
  }
  const options = { ...policyOf(wish), wait: WAIT }
  const { run, ...verdict } = await once.runOne(generator, selected, options)
  return { run, ...outcomeOf(verdict) }
}

/** Generates the reports of these students, or of all active ones, in one run. */
export async function generateMany(
  { once, generator, pool }: ReportSystem,
  wish: Wish,
  userIds?: readonly string[],
): Promise<Answer> {
  const options = { ...policyOf(wish), concurrency: CONCURRENCY }
  if (userIds) {
    const selected = await unitsOf(pool, wish, userIds)
    const units = selected.filter(isUnit)
    const { run, verdicts } = await once.run(generator, units, { ...options, wait: WAIT })
    return { run, ...counted(inOrder(selected, verdicts)) }
  }
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { onVerdicts, totals, outcomes } = collecting()
  const { run } = await once.run(generator, range, { ...options, onVerdicts })
  return { run, totals, outcomes, unreadableZones }
}

/**
 * Tries again, at once, what failed or has used up its attempts, whichever period it is of, and
 * generates what is missing for the active students.
 */
export async function retryAll(
  { once, generator, pool }: ReportSystem,
  wish: Omit<Wish, 'onDuplicate'>,
): Promise<Answer> {
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { onVerdicts, totals, outcomes } = collecting()
  const options = { ...askerOf(wish), range, concurrency: CONCURRENCY, onVerdicts }
  const { run } = await once.retry(generator, options)
  return { run, totals, outcomes, unreadableZones }
}

/** Says what `generateMany` would do; writes nothing and pays for nothing. */
export async function previewMany(
  { once, generator, pool }: ReportSystem,
  wish: Wish,
  userIds?: readonly string[],
): Promise<Answer> {
  if (userIds) {
    const selected = await unitsOf(pool, wish, userIds)
    const { verdicts } = await once.preview(generator, selected.filter(isUnit), policyOf(wish))
    return { run: null, ...counted(inOrder(selected, verdicts)) }
  }
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { verdicts } = await once.preview(generator, range, policyOf(wish))
  return { run: null, ...counted(verdicts.map(outcomeOf)), unreadableZones }
}

function counted(all: readonly Outcome[]): Omit<Answer, 'run'> {
  const { add, tally } = tallying()
  all.forEach(add)
  return { totals: tally, outcomes: all.slice(0, MAX_OUTCOMES), unreadableZones: [] }
}

/** Takes verdicts as they fall: counts all of them and keeps the first thousand. */
function collecting() {
  const { add, tally } = tallying()
  const outcomes: Outcome[] = []
  const onVerdicts = (verdicts: readonly Told[]) => {
    for (const outcome of verdicts.map(outcomeOf)) {
      add(outcome)
      if (outcomes.length < MAX_OUTCOMES) outcomes.push(outcome)
    }
  }
  return { onVerdicts, totals: tally, outcomes }
}
