import type { WorkVerdict } from 'onceover'
import { z } from 'zod'
import { type Cause, MEANING } from './causes.ts'
import type { AttemptedKey } from './groups.ts'
import type { RecordedVerdict } from './queries.ts'

/** What came of one group of a request. */
export interface GroupVerdict {
  /** Place in the request, from 0. */
  readonly index: number
  readonly verdict: WorkVerdict['verdict']
  /** Why it is no new lesson, or one too many; null where it is neither, or for another reason. */
  readonly cause: Cause | null
  /** The same in a sentence or two, with what to do. */
  readonly says: string
  readonly attempted: AttemptedKey
  /** The lesson that was made, or the one that stood already. */
  readonly lesson: string | null
  /** For a key that stands earlier in the request: where. */
  readonly firstIndex?: number
  readonly sqlstate?: string
  readonly constraint?: string
}

/** The answer to a batch request. */
export interface LessonAnswer {
  readonly request: string
  /** Onceover's run, by which its events can be asked for. */
  readonly run: string | null
  /** How many groups got which verdict. */
  readonly totals: Readonly<Record<string, number>>
  /** One verdict per group, in the order of the request. */
  readonly groups: readonly GroupVerdict[]
}

/** The answer to a request, its verdicts counted. */
export function answerOf(
  request: string,
  run: string | undefined,
  groups: readonly GroupVerdict[],
): LessonAnswer {
  const totals: Record<string, number> = {}
  for (const { verdict } of groups) totals[verdict] = (totals[verdict] ?? 0) + 1
  return { request, run: run ?? null, totals, groups }
}

const lessonRow = z.object({ id: z.uuid() })

/** A verdict of the library with its index in the request, in the words of this system. */
export function tell(
  verdict: WorkVerdict,
  attempted: AttemptedKey,
  cause: Cause | null,
): GroupVerdict {
  const { index, firstIndex, sqlstate, constraint } = verdict
  // What `save` gave back, or the row that stood already.
  const lesson = lessonRow.safeParse(verdict.existing ?? verdict.result).data?.id ?? null
  return {
    index,
    verdict: verdict.verdict,
    cause,
    says: cause ? MEANING[cause] : inWords(verdict),
    attempted,
    lesson,
    ...(firstIndex !== undefined && { firstIndex }),
    ...(sqlstate !== undefined && { sqlstate }),
    ...(constraint !== undefined && { constraint }),
  }
}

const MS = 1000

// What is none of the causes: a lesson that was made, is being made, or could not be.
function inWords({ verdict, reason = '', code, sqlstate, heldMs = 0 }: WorkVerdict): string {
  if (verdict === 'created') return 'The lesson was made.'
  if (verdict === 'in_flight') {
    const seconds = Math.ceil(heldMs / MS) || 1
    return `Another request is drafting this lesson. Send the group again in ${seconds} s.`
  }
  if (verdict !== 'failed' || sqlstate !== undefined) return reason
  if (code === 'ATTEMPTS_EXHAUSTED') {
    return `The lesson could not be written, and is left until it is retried: ${reason}`
  }
  return `The lesson could not be written: ${reason} Send the group again.`
}

/** A verdict as it is written down with the request. */
export const recorded = ({
  index,
  verdict,
  cause,
  says,
  lesson,
}: GroupVerdict): RecordedVerdict => ({
  position: index,
  verdict,
  cause,
  // PostgreSQL stores neither NUL nor half a surrogate pair; an error's text may quote either.
  says: says.toWellFormed().replaceAll('\0', '\uFFFD'),
  lesson_id: lesson,
})
