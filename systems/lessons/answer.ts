import type { Verdict } from 'onceover'
import { type Cause, causeOf, MEANING } from './causes.ts'
import type { AttemptedKey } from './groups.ts'
import type { RecordedVerdict } from './queries.ts'

/** What came of one group of a request. */
export interface GroupVerdict {
  /** Place in the request, from 0. */
  readonly index: number
  readonly verdict: Verdict['verdict']
  /** Why it is no new lesson; null where it is one, or where it is none of the known causes. */
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

/** A verdict of the library with its index in the request, in the words of this system. */
export function tell(
  verdict: Verdict,
  attempted: AttemptedKey,
  evidence: { readonly foreseen: string; readonly narrower: readonly string[] },
): GroupVerdict {
  const { index, firstIndex, sqlstate, constraint } = verdict
  const cause = causeOf({ ...evidence, verdict: verdict.verdict, attempted, sqlstate, constraint })
  const lesson = verdict.row?.id ?? verdict.existing?.id
  return {
    index,
    verdict: verdict.verdict,
    cause,
    says: cause ? MEANING[cause] : (verdict.reason ?? 'The lesson was made.'),
    attempted,
    lesson: lesson === undefined ? null : String(lesson),
    ...(firstIndex !== undefined && { firstIndex }),
    ...(sqlstate !== undefined && { sqlstate }),
    ...(constraint !== undefined && { constraint }),
  }
}

/** A group whose content could not be written: nothing was inserted for it. */
export const draftFailed = (
  index: number,
  attempted: AttemptedKey,
  error: string,
): GroupVerdict => ({
  index,
  verdict: 'failed',
  cause: null,
  says: `The lesson could not be written: ${error} Send the group again.`,
  attempted,
  lesson: null,
})

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
