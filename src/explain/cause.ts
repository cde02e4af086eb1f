import { CAUSES, type CauseName, type Likelihood, type WeighedCause } from './explanation.ts'
import type { Facts } from './facts.ts'
import { MOST } from './queries.ts'
import { type Timing, timingOf } from './timing.ts'

const ORDER: readonly Likelihood[] = ['certain', 'likely', 'possible', 'ruled_out']

type Weight = Omit<WeighedCause, 'cause'>

const weight = (likelihood: Likelihood, ...evidence: readonly string[]): Weight => ({
  likelihood,
  evidence,
})

// Of an error without a DETAIL: its role may not read the key, or an ORM kept it back.
const UNKNOWN = 'The error does not say which values were refused: pass `row`.'

function overlapping({ kind, constraint, equalKey, guarded, standing }: Facts): Weight {
  if (kind !== 'exclusion') {
    return weight('ruled_out', 'What refused the row compares keys for equality.')
  }
  if (equalKey) return weight('possible', 'The row that stands has the very same range.')
  const met = standing ? [`It overlaps the row ${JSON.stringify(standing.id)}.`] : []
  return constraint
    ? weight('certain', `${constraint.name} refuses overlaps: ${constraint.definition}.`, ...met)
    : weight('certain', ...met, `${guarded?.inspection.guard.name} declares what a row takes up.`)
}

const atMost = (count: number): string => (count === MOST ? `${count} or more` : String(count))

function missing({ missing: parts, unsaid, kind, known }: Facts): Weight {
  if (parts.length === 0) {
    if (!known) return weight('possible', UNKNOWN)
    return unsaid.length > 0
      ? weight('possible', `Nobody said what ${unsaid.join(', ')} was: pass \`row\` to tell.`)
      : weight('ruled_out', 'Every part of the key has a value.')
  }
  const names = parts.map(({ column }) => column).join(', ')
  const alike = parts.flatMap(({ column, alike: count }) =>
    count === undefined || count === 0
      ? []
      : [`${atMost(count)} such row(s) with NULL in ${column} stand.`],
  )
  const refused = kind === 'not_null' ? ', and the column refuses that' : ''
  return weight('certain', `${names} is NULL in the row that was sent${refused}.`, ...alike)
}

function fallback({ standIns, known }: Facts): Weight {
  if (!known) return weight('possible', UNKNOWN)
  if (standIns.length === 0) {
    return weight('ruled_out', 'No value of the key looks like a stand-in for a missing one.')
  }
  const [surest = 'possible'] = ORDER.filter((each) =>
    standIns.some(({ likelihood }) => likelihood === each),
  )
  return weight(surest, ...standIns.map(({ evidence }) => evidence))
}

function narrower({ constraint, guarded, otherKey, wider }: Facts): Weight {
  if (!constraint) return weight('ruled_out', 'No constraint refused the row.')
  const { name } = constraint
  if (!guarded) {
    return wider === undefined
      ? weight('ruled_out', `No unique index of the table binds more columns than ${name}.`)
      : weight('possible', `${wider} of the same table binds more columns than ${name}.`)
  }
  const { guard } = guarded.inspection
  if (guarded.own) return weight('ruled_out', `${name} enforces the guard ${guard.name}.`)
  if (guarded.shadow?.kind !== 'narrower') {
    return weight('ruled_out', `${name} is not on a part of the key of the guard ${guard.name}.`)
  }
  const says = `${name} ${guarded.shadow.why}.`
  if (otherKey === undefined) return weight('likely', says)
  return otherKey
    ? weight('certain', says, `The row that stands has another key under ${guard.name}.`)
    : weight('ruled_out', `The row that stands has the whole key of the guard ${guard.name}.`)
}

const RECENT_S = 60

function repeated(facts: Facts, timing: Timing): Weight {
  const { repeated: places, standing, hidden, history, at, now, kind } = facts
  if (places && places.length > 1) {
    return weight('certain', `The key stands in rows ${places.join(' and ')} of the same input.`)
  }
  if (history.collided) {
    return weight('certain', 'The audit has the key as collided in the same run.')
  }
  if (kind === 'not_null') return weight('ruled_out', 'The row was refused for itself.')
  if (places) return weight('ruled_out', 'The key stands once in the input.')
  if (!facts.known) return weight('possible', UNKNOWN)
  if (!standing) {
    if (hidden) return weight('possible', 'Row-level security may hide the row that stands.')
    const none = 'No row has the key now: the one it met was rolled back with it, or has gone.'
    const fresh = at !== undefined && now - at < RECENT_S
    const open = facts.foreseen === undefined && history.claim?.state !== 'claimed'
    return weight(fresh && open ? 'likely' : 'possible', none)
  }
  return timing.race.likelihood === 'ruled_out'
    ? weight('ruled_out', 'The row that stands was there before the request.')
    : weight('possible', 'Pass `input` to tell: the rows of the whole request.')
}

/** Weighs every cause by the facts, the likeliest first. */
export function weighCauses(facts: Facts): readonly WeighedCause[] {
  const timing = timingOf(facts)
  const weights: Readonly<Record<CauseName, Weight>> = {
    overlapping_ranges: overlapping(facts),
    missing_key_part: missing(facts),
    fallback_value: fallback(facts),
    narrower_constraint: narrower(facts),
    repeated_in_input: repeated(facts, timing),
    lost_race: timing.race,
    retry_of_done_work: timing.retry,
  }
  return CAUSES.map((cause) => ({ cause, ...weights[cause] })).sort(
    (one, other) => ORDER.indexOf(one.likelihood) - ORDER.indexOf(other.likelihood),
  )
}
