import type { CauseName } from 'onceover'
import { FALLBACK_SLOT } from './fixture.ts'

/** The causes that the investigation could only guess at, by its letters. */
export const CAUSES = {
  'repeated-in-request': 'a',
  'lost-race': 'b',
  'retry-of-finished-work': 'c',
  'missing-key-part': 'd',
  'fallback-value': 'e',
  'narrower-constraint': 'f',
  'overlapping-slots': 'g',
} as const

/** Why a group did not become a lesson of its own, or should not have. */
export type Cause = keyof typeof CAUSES

/** What the library calls each cause, in the words of this system. */
export const CAUSE_OF: Readonly<Record<CauseName, Cause>> = {
  repeated_in_input: 'repeated-in-request',
  lost_race: 'lost-race',
  retry_of_done_work: 'retry-of-finished-work',
  missing_key_part: 'missing-key-part',
  fallback_value: 'fallback-value',
  narrower_constraint: 'narrower-constraint',
  overlapping_ranges: 'overlapping-slots',
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
  'overlapping-slots':
    'The slot overlaps that of another lesson of this provider, school and day. Move one of them.',
}
