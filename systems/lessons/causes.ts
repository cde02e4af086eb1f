import { FALLBACK_SLOT } from './fixture.ts'
import type { AttemptedKey } from './groups.ts'
import { lessons } from './guards.ts'

/** The causes that the investigation could only guess at, by its letters. */
export const CAUSES = {
  'repeated-in-request': 'a',
  'lost-race': 'b',
  'retry-of-finished-work': 'c',
  'missing-key-part': 'd',
  'fallback-value': 'e',
  'narrower-constraint': 'f',
} as const

/** Why a group did not become a lesson of its own. */
export type Cause = keyof typeof CAUSES

/** What is known of one group after its attempt. */
export interface Evidence {
  /** What the group would have become by a look before anything was written. */
  readonly foreseen: string
  /** What it became. */
  readonly verdict: string
  /** The values of its key as they were sent. */
  readonly attempted: AttemptedKey
  readonly sqlstate?: string | undefined
  /** The constraint that refused the row, where one did. */
  readonly constraint?: string | undefined
  /** Unique constraints of the table that bind fewer columns than the guard. */
  readonly narrower: readonly string[]
}

const UNIQUE_VIOLATION = '23505'
const FORBIDDEN: readonly string[] = lessons.key.time_slot.forbid

/**
 * Names the cause from the evidence; null where the group became a lesson, or where what happened
 * is none of the six (an unreadable date, an unknown provider, a draft that failed).
 */
export function causeOf(evidence: Evidence): Cause | null {
  const { verdict, foreseen, attempted, sqlstate, constraint, narrower } = evidence
  if (verdict === 'collided') return 'repeated-in-request'
  if (verdict === 'skipped') {
    return foreseen === 'created' ? 'lost-race' : 'retry-of-finished-work'
  }
  if (verdict === 'invalid') {
    if (Object.values(attempted).includes(null)) return 'missing-key-part'
    return FORBIDDEN.includes(String(attempted.time_slot)) ? 'fallback-value' : null
  }
  const refusedByAnother = sqlstate === UNIQUE_VIOLATION && constraint !== undefined
  return refusedByAnother && narrower.includes(constraint) ? 'narrower-constraint' : null
}

/** What each cause means for the person who sent the request, and what to do. */
export const MEANING: Readonly<Record<Cause, string>> = {
  'repeated-in-request':
    'The same provider, school, date and slot stands earlier in the request. Send each slot once.',
  'lost-race':
    'Another request made this lesson while this one was on its way. Nothing to do: it is there.',
  'retry-of-finished-work':
    'This lesson was there before the request came in. Nothing to do: it is there.',
  'missing-key-part':
    'A part of the key is missing. Send provider, school, date and slot with every group.',
  'fallback-value': `'${FALLBACK_SLOT}' stands in for a slot that nobody passed on. Send the slot.`,
  'narrower-constraint':
    'An older unique constraint, narrower than the key, refuses this lesson. Drop the constraint.',
}
