import type { WeighedCause } from './explanation.ts'
import type { Facts } from './facts.ts'
import { lapse } from './lapse.ts'

/** Whether the row that stands was made during the attempt or before it. */
export interface Timing {
  readonly race: Omit<WeighedCause, 'cause'>
  readonly retry: Omit<WeighedCause, 'cause'>
}

/** When the row that stands was made, and how that is known. */
export interface Making {
  /** Seconds since 1970. */
  readonly at: number
  /** False where only a column of the row says so, which may be set to anything. */
  readonly proved: boolean
  readonly says: string
}

/** Seconds since 1970 in ISO form, UTC. */
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** When the row that stands was made: from the audit, its claim, its own column, or its commit. */
export function makingOf({ standing, history }: Pick<Facts, 'standing' | 'history'>) {
  const { made, claim } = history
  if (made) {
    const who = made.actor === null ? '' : ` by ${made.actor}`
    const says = `The audit says that run ${made.run}${who} made it at ${iso(made.at)}.`
    return { at: made.at, proved: true, says } satisfies Making
  }
  if (claim?.state === 'done' && claim.ended !== null) {
    const says = `Its claim was done at ${iso(claim.ended)} by run ${claim.run}.`
    return { at: claim.ended, proved: true, says } satisfies Making
  }
  if (standing?.made !== undefined) {
    const says = `Its ${standing.madeIn} is ${iso(standing.made)}.`
    return { at: standing.made, proved: false, says } satisfies Making
  }
  if (standing?.committed === undefined) return undefined
  const says = `It was last written by a transaction that committed at ${iso(standing.committed)}.`
  return { at: standing.committed, proved: true, says } satisfies Making
}

const weighed = (
  [race, ...forRace]: readonly [Timing['race']['likelihood'], ...string[]],
  [retry, ...forRetry]: readonly [Timing['race']['likelihood'], ...string[]],
): Timing => ({
  race: { likelihood: race, evidence: forRace },
  retry: { likelihood: retry, evidence: forRetry },
})

// Within this the two attempts ran at the same time, as far as a clock tells.
const RACE_S = 5
// Beyond this a transaction that is open so long would be a rare thing.
const LONG_S = 60
const FEW_TRANSACTIONS = 10

const NO_MOMENT = 'Nothing says when the error was raised: pass `startedAt` to tell.'
const UNDATED = 'Nothing says when the row that stands was made.'

const forBoth = (likelihood: 'possible' | 'ruled_out', why: string): Timing =>
  weighed([likelihood, why], [likelihood, why])

function byForesight(foreseen: string, says: readonly string[]): Timing {
  return foreseen === 'created'
    ? weighed(
        ['certain', 'A look before the attempt found the key free; then it was taken.', ...says],
        ['ruled_out', 'A look before the attempt found the key free.'],
      )
    : weighed(
        ['ruled_out', 'A look before the attempt found the key taken.'],
        ['certain', 'A look before the attempt found the key taken.', ...says],
      )
}

type Began = NonNullable<Facts['begun']>

function byStart({ from, to }: Began, { at, proved, says }: Making): Timing {
  const sure = proved ? 'certain' : 'likely'
  const start = iso(from)
  if (at >= to) {
    return weighed(
      [sure, says, `The attempt had begun at ${start}.`],
      ['ruled_out', `It was made after the attempt had begun at ${start}.`],
    )
  }
  if (at < from) {
    const gap = from - at
    const apart = `That is ${lapse(gap)} before the attempt began`
    return weighed(
      proved || gap > LONG_S
        ? ['ruled_out', says, `${apart}.`]
        : ['possible', says, `${apart}, and may be when its transaction did.`],
      [sure, says, `The attempt began only at ${start}.`],
    )
  }
  const open = `The attempt began at ${start}, within the error of the clocks.`
  return weighed(['possible', says, open], ['likely', says, open])
}

function byGap(at: number, making: Making): Timing {
  const gap = at - making.at
  const apart = `That is ${lapse(Math.abs(gap))} ${gap < 0 ? 'after' : 'before'} the error.`
  if (gap < -RACE_S) {
    return forBoth('possible', `${making.says} ${apart} The row that was met has gone since.`)
  }
  if (gap <= RACE_S) {
    return weighed(
      ['likely', making.says, apart],
      ['possible', making.says, `${apart} Pass \`startedAt\` to tell: when the request came in.`],
    )
  }
  return weighed(
    gap > LONG_S
      ? ['ruled_out', making.says, apart]
      : ['possible', making.says, `${apart} A transaction may be open for that long.`],
    ['likely', making.says, apart],
  )
}

function whyNone({ known, hidden }: Facts): string {
  if (!known) return 'The error does not say which values were refused: pass `row`.'
  return hidden
    ? 'Row-level security may hide the row that stands.'
    : 'No row has the key now; the one that was met may have gone since.'
}

/** Weighs a lost race against a retry of finished work. */
export function timingOf(facts: Facts): Timing {
  const { kind, standing, history, equalKey, foreseen, begun, at } = facts
  if (kind === 'not_null') return forBoth('ruled_out', 'The row was refused for itself.')
  const making = makingOf(facts)
  if (foreseen !== undefined) return byForesight(foreseen, making ? [making.says] : [])
  const { claim } = history
  if (!standing && claim?.state === 'claimed') {
    const says = `Run ${claim.run} has claimed the key since ${iso(claim.claimed)}.`
    return weighed(['likely', says], ['ruled_out', says])
  }
  if (!standing) return forBoth('possible', whyNone(facts))
  if (kind === 'exclusion' && !equalKey) {
    return forBoth('ruled_out', 'The row that stands has another range.')
  }
  const start = history.runStart
  const began = start === undefined ? begun : { from: start, to: start }
  if (making && began) return byStart(began, making)
  if (making && at !== undefined) return byGap(at, making)
  if (making) return weighed(['possible', NO_MOMENT], ['likely', making.says])
  const says = `The row that stands was written ${standing.transactions} transactions ago.`
  return standing.transactions <= FEW_TRANSACTIONS
    ? weighed(['likely', says], ['possible', UNDATED])
    : weighed(['possible', UNDATED], ['likely', says])
}
