import type { Handle, Onceover, Verdict } from 'onceover'
import {
  answerOf,
  draftFailed,
  type GroupVerdict,
  type LessonAnswer,
  recorded,
  tell,
} from './answer.ts'
import { type DraftLesson, draftLesson, type LessonContent, mapAtOnce } from './draft.ts'
import { type AttemptedKey, attemptedKey, type LessonGroup } from './groups.ts'
import { asSent, lessons } from './guards.ts'
import { fillLesson, recordRequest, recordVerdicts, removeLesson } from './queries.ts'
import type { LessonRequest } from './request.ts'

/** What the system works with. */
export interface LessonSystem {
  readonly once: Onceover
  /** For what no guard stands over: the requests and their groups. */
  readonly pool: Handle
  /** Writes the content of one lesson; a stand-in by default. */
  readonly draft?: DraftLesson
}

/** A group on its way: what is known of it before anything is inserted. */
interface Item {
  readonly index: number
  readonly group: LessonGroup
  readonly attempted: AttemptedKey
  /** What it would become, by the preview. */
  readonly foreseen: string
  readonly content?: LessonContent
  /** Why its content could not be written. */
  readonly error?: string
}

const DRAFTS_AT_ONCE = 4
const TRANSACTION_RETRIES = 3

/**
 * Makes the lessons of a batch request. The request is written down first; a preview tells which
 * lessons exist, so that none of those is drafted; the others are drafted several at once; then one
 * transaction inserts them and writes down what came of every group. What is wrong with one group
 * is that group's verdict alone.
 *
 * @throws OnceoverError where the database fails as a whole; the request then has no verdicts
 */
export async function generateLessons(
  system: LessonSystem,
  request: LessonRequest,
): Promise<LessonAnswer> {
  const keys = request.groups.map((group) => attemptedKey(request.providerId, group))
  const requestId = await recordRequest(system.pool, request.requestedBy, keys)
  const { verdicts } = await system.once.preview(
    lessons,
    keys.map((key) => asSent({ ...key })),
  )
  const items = await mapAtOnce(request.groups, DRAFTS_AT_ONCE, async (group, index) => {
    const attempted = keys[index] ?? attemptedKey(request.providerId, group)
    const item = { index, group, attempted, foreseen: verdicts[index]?.verdict ?? 'created' }
    return item.foreseen === 'created' ? drafted(system, item) : item
  })
  return save(system, requestId, request.requestedBy, items)
}

async function drafted({ draft = draftLesson }: LessonSystem, item: Item): Promise<Item> {
  try {
    return { ...item, content: await draft(item.group) }
  } catch (error) {
    return { ...item, error: error instanceof Error ? error.message : String(error) }
  }
}

function save(
  system: LessonSystem,
  requestId: string,
  actor: string,
  items: readonly Item[],
): Promise<LessonAnswer> {
  const sent = items.filter((item) => item.error === undefined)
  const rows = sent.map(({ attempted, content, index }) =>
    asSent({
      ...attempted,
      ...(content && { content }),
      request_id: requestId,
      request_position: index,
    }),
  )
  return system.once.transaction(
    async (tx) => {
      const { run, verdicts } = await system.once.insert(lessons, rows, { handle: tx, actor })
      const narrower = await narrowerConstraints(system.once, verdicts)
      const groups: GroupVerdict[] = items
        .filter((item) => item.error !== undefined)
        .map(({ index, attempted, error = '' }) => draftFailed(index, attempted, error))
      for (const [place, item] of sent.entries()) {
        const verdict = verdicts[place]
        if (!verdict) continue
        const told = tell(inRequest(verdict, sent), item.attempted, { ...item, narrower })
        groups.push(await draftLate(system, tx, item, told))
      }
      groups.sort((a, b) => a.index - b.index)
      await recordVerdicts(tx, requestId, run, groups.map(recorded))
      return answerOf(requestId, run, groups)
    },
    { retries: TRANSACTION_RETRIES },
  )
}

// The verdicts count the rows that were sent; the caller counts the groups of the request.
function inRequest(verdict: Verdict, sent: readonly Item[]): Verdict {
  const place = (index: number) => sent[index]?.index ?? index
  const { index, firstIndex } = verdict
  return {
    ...verdict,
    index: place(index),
    ...(firstIndex !== undefined && { firstIndex: place(firstIndex) }),
  }
}

/**
 * Drafts a lesson that was made after all, though the preview saw one standing (which has been
 * deleted since) or an earlier group of the same key (whose draft failed). Nobody has seen it yet.
 */
async function draftLate(
  system: LessonSystem,
  tx: Handle,
  item: Item,
  told: GroupVerdict,
): Promise<GroupVerdict> {
  if (told.verdict !== 'created' || told.lesson === null || item.content) return told
  const { content, error = '' } = await drafted(system, item)
  if (content) {
    await fillLesson(tx, told.lesson, content)
    return told
  }
  await removeLesson(tx, told.lesson)
  return draftFailed(item.index, item.attempted, error)
}

const UNIQUE_VIOLATION = '23505'

async function narrowerConstraints(once: Onceover, verdicts: readonly Verdict[]) {
  if (!verdicts.some(({ sqlstate }) => sqlstate === UNIQUE_VIOLATION)) return []
  const { coverage } = await once.inspect(lessons)
  return coverage.shadows.filter(({ kind }) => kind === 'narrower').map(({ name }) => name)
}
