import { type Handle, type Onceover, OnceoverError, type Verdict, type WorkVerdict } from 'onceover'
import { answerOf, type GroupVerdict, type LessonAnswer, recorded, tell } from './answer.ts'
import { CAUSE_OF, type Cause } from './causes.ts'
import { type DraftLesson, draftLesson } from './draft.ts'
import { drafting } from './drafting.ts'
import { type AttemptedKey, attemptedKey, type LessonGroup } from './groups.ts'
import { asSent, lessons } from './guards.ts'
import { recordRequest, recordVerdicts } from './queries.ts'
import type { LessonRequest } from './request.ts'

/** What the system works with. */
export interface LessonSystem {
  readonly once: Onceover
  /** For what no guard stands over: the requests and their groups. */
  readonly pool: Handle
  /** Writes the content of one lesson; a stand-in by default. */
  readonly draft?: DraftLesson
  /** How long to wait for a lesson that another request is drafting; default `1m`. */
  readonly wait?: string
}

/** A group on its way. */
interface Item {
  readonly index: number
  readonly group: LessonGroup
  readonly attempted: AttemptedKey
  /** What a look before anything was made says of it. */
  readonly foreseen: Verdict
}

/** A request that is written down. */
interface Received {
  readonly id: string
  readonly actor: string
}

const DRAFTS_AT_ONCE = 4
const EXPLAINED_AT_ONCE = 4
const WAIT = '1m'

/**
 * Makes the lessons of a batch request. The request is written down first. Each lesson is claimed
 * before it is drafted, several at once, so that none is drafted twice: one that exists is skipped,
 * and one that another request is drafting is waited for. What is wrong with one group is that
 * group's verdict alone.
 *
 * @throws OnceoverError where the database fails as a whole; the request then has no verdicts
 */
export async function generateLessons(
  system: LessonSystem,
  { providerId, requestedBy, groups }: LessonRequest,
): Promise<LessonAnswer> {
  const keys = groups.map((group) => attemptedKey(providerId, group))
  const id = await recordRequest(system.pool, requestedBy, keys)
  const items = await foresee(system, groups, keys)
  const { run, verdicts } = await makeAll(system, { id, actor: requestedBy }, items)
  const told: GroupVerdict[] = []
  for (let start = 0; start < items.length; start += EXPLAINED_AT_ONCE) {
    const some = items.slice(start, start + EXPLAINED_AT_ONCE)
    told.push(
      ...(await Promise.all(
        some.map(async ({ index, attempted, foreseen }) => {
          const verdict = verdicts[index] ?? foreseen
          const cause = await causeOf(system.once, verdict, foreseen.verdict, run)
          return tell(verdict, attempted, cause)
        }),
      )),
    )
  }
  await recordVerdicts(system.pool, id, run, told.map(recorded))
  return answerOf(id, run, told)
}

// Which groups repeat a key of this request, and which lessons stood before it came in. The latter
// only tells a retry from a lost race: that it may change a moment later does no harm.
async function foresee(
  { once }: LessonSystem,
  groups: readonly LessonGroup[],
  keys: readonly AttemptedKey[],
): Promise<Item[]> {
  const rows = keys.map((key) => asSent({ ...key }))
  const { verdicts } = await once.preview(lessons, rows)
  return verdicts.flatMap((foreseen, index) => {
    const [group, attempted] = [groups[index], keys[index]]
    return group && attempted ? [{ index, group, attempted, foreseen }] : []
  })
}

// Those that repeat a key of the request come last, one by one: only where the earlier draft failed
// is the lesson still wanted.
async function makeAll(
  { once, draft = draftLesson, wait = WAIT }: LessonSystem,
  { id, actor }: Received,
  items: readonly Item[],
): Promise<{ readonly run: string; readonly verdicts: readonly WorkVerdict[] }> {
  const work = drafting(draft)
  const unitOf = ({ index, group, attempted }: Item) => ({
    key: asSent({ ...attempted }),
    input: { requestId: id, position: index, students: [...(group.students ?? [])] },
  })
  const isRepeated = ({ foreseen }: Item) => foreseen.verdict === 'collided'
  const first = items.filter((item) => !isRepeated(item))
  const { run, verdicts: made } = await once.run(work, first.map(unitOf), {
    concurrency: DRAFTS_AT_ONCE,
    wait,
    actor,
  })
  const verdicts: WorkVerdict[] = items.map(({ foreseen }) => foreseen)
  for (const [place, { index }] of first.entries()) {
    const verdict = made[place]
    if (verdict) verdicts[index] = { ...verdict, index }
  }
  const tried = new Map<number, WorkVerdict | undefined>()
  for (const item of items.filter(isRepeated)) {
    const { index, foreseen } = item
    const { firstIndex = index } = foreseen
    const before = tried.get(firstIndex) ?? verdicts[firstIndex]
    if (before?.verdict !== 'failed' || before.sqlstate !== undefined) continue
    const verdict = { ...(await once.runOne(work, unitOf(item), { wait, actor })), index }
    verdicts[index] = verdict
    tried.set(firstIndex, verdict)
  }
  return { run, verdicts }
}

/**
 * Why a group is no new lesson, or one too many: the library weighs the evidence. What the look
 * before the run said tells a retry from a lost race. Null where it is neither a duplicate nor in
 * conflict: an unreadable date, an unknown provider, a draft that failed or is under way.
 */
async function causeOf(
  once: Onceover,
  verdict: WorkVerdict,
  foreseen: string,
  run: string,
): Promise<Cause | null> {
  if (verdict.verdict === 'in_flight') return null
  try {
    const { cause } = await once.explain(verdict, { guards: [lessons], foreseen, run })
    return CAUSE_OF[cause]
  } catch (error) {
    if (error instanceof OnceoverError && error.code === 'NOT_A_DUPLICATE') return null
    throw error
  }
}
