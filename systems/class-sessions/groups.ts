import type { Handle, Onceover } from 'onceover'
import { statusesOf } from './conflicts.ts'
import { type Asker, TRANSACTION_RETRIES } from './generate.ts'
import { groupClasses, roster } from './guards.ts'
import type { GroupClassRequest } from './requests.ts'

/** What became of one student of a group class. */
export interface Enrolment {
  readonly student: string
  /** `created`, `skipped` (is in the roster already), `collided` (named twice), `failed`. */
  readonly verdict: string
  readonly reason: string | null
}

/** What became of a request for a group class. */
export type GroupClassOutcome =
  | {
      readonly outcome: 'created' | 'existing'
      readonly session: string
      readonly students: readonly Enrolment[]
    }
  /** The database would not take the class: another constraint, such as an unknown teacher. */
  | { readonly outcome: 'refused'; readonly constraint: string | null; readonly reason: string }

/**
 * Makes a group class once and puts its students in the roster once, in one transaction. Where the
 * class stands already, the students who are new to it join. A student who cannot be enrolled has
 * that as verdict and does not keep the others out.
 */
export function createGroupClass(
  once: Onceover,
  request: GroupClassRequest,
  asker: Asker = {},
): Promise<GroupClassOutcome> {
  const { student_ids, ...slot } = request
  const work = async (tx: Handle): Promise<GroupClassOutcome> => {
    const [status] = await statusesOf(tx, [{ ...slot, student_id: null }])
    const options = { ...asker, handle: tx }
    const made = await once.insertOne(groupClasses, { ...slot, status }, options)
    const session = made.row ?? made.existing
    if (session === undefined) {
      return {
        outcome: 'refused',
        constraint: made.constraint ?? null,
        reason: made.reason ?? made.verdict,
      }
    }
    const seats = student_ids.map((student_id) => ({
      class_session_id: String(session.id),
      student_id,
    }))
    const { verdicts } = await once.insert(roster, seats, options)
    return {
      outcome: made.verdict === 'created' ? 'created' : 'existing',
      session: String(session.id),
      students: verdicts.map(({ index, verdict, reason }) => ({
        student: student_ids[index] ?? '',
        verdict,
        reason: reason ?? null,
      })),
    }
  }
  return once.transaction(work, { retries: TRANSACTION_RETRIES })
}
