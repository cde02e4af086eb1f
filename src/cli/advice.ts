import type { Onceover, RunResult, StoredClaim } from '../index.ts'
import { keyInWords } from './run-report.ts'
import type { Tally } from './tally.ts'
import { oneLine, shellWord, some, span } from './text.ts'

/** What the way on from a run depends on. */
export interface Ended {
  /** Of the generator, in the configuration. */
  readonly name: string
  readonly guard: string
  readonly result: RunResult
  readonly tally: Tally
  /** Whether the units came from a list: those the ledger does not know. */
  readonly listed: boolean
}

const ASKED_CLAIMS = 1000
const SHOWN_UNITS = 3

async function parkedClaims(
  once: Onceover,
  { guard, result, tally }: Ended,
): Promise<readonly StoredClaim[]> {
  if (!tally.hasSuspects) return []
  // What was parked before this run is found by its guard, which takes longer.
  const which = tally.metExhausted ? { guard } : { run: result.run }
  // The run is over: that no advice can be had must not end it with an error.
  const asked = once.claims({ ...which, state: 'exhausted', limit: ASKED_CLAIMS })
  const claims = await asked.catch(() => [])
  return claims.filter(({ key, needsReconcile }) => needsReconcile !== null && tally.isSuspect(key))
}

const commandFor = (name: string, { key, needsReconcile }: StoredClaim): string => {
  const words = ['--key', JSON.stringify(key), '--step', needsReconcile ?? '']
  return `onceover resolve ${[name, ...words].map(shellWord).join(' ')} --answer JSON`
}

function* adviceOnParked(
  { name, guard }: Ended,
  parked: readonly StoredClaim[],
  units: number,
): Generator<string> {
  if (units === 0) return
  yield `${some(units, 'unit waits', 'units wait')} for a person; a retry does not help:`
  for (const claim of parked.slice(0, SHOWN_UNITS)) {
    yield `  ${oneLine(keyInWords(claim.key))}: ${oneLine(claim.error ?? '')}`
    yield `    ${commandFor(name, claim)}`
  }
  yield 'Look the call up at its provider. Pass what it answered, or --again if it was never made.'
  if (units <= SHOWN_UNITS) return
  yield `All of them: onceover claims --guard ${shellWord(guard)} --state exhausted`
}

const failed = (name: string, { retryMs }: Tally): string => {
  const retry = `onceover retry ${shellWord(name)}`
  return retryMs === undefined
    ? `Failed units are tried again by: ${retry}`
    : `Failed units are tried again in ${span(retryMs)} by the next run, or now by: ${retry}`
}

function inFlight(units: number, listed: boolean): string {
  const wait = listed ? ', or wait for it with --wait 5m' : ''
  const held = `Another run has ${some(units, 'unit')} in flight.`
  return `${held} When that has ended, run this again${wait}`
}

/**
 * What to do after a run, as lines for people. What is done stays done, so that the way on is
 * mostly the same command. The ledger knows the rest of a range, but not that of a list.
 */
export async function adviceOn(once: Onceover, ended: Ended): Promise<readonly string[]> {
  const { name, result, tally, listed } = ended
  const { state, totals, run } = result
  const parked = await parkedClaims(once, ended)
  const waiting = Math.max(parked.length, tally.parked)
  const lines = [...adviceOnParked(ended, parked, waiting)]
  if (state === 'stopped') {
    const resume = listed ? '' : `, or: onceover resume ${shellWord(name)} ${run}`
    return [...lines, `Stopped. To go on, run it again${resume}`]
  }
  if (totals.failed > waiting) lines.push(failed(name, tally))
  if (totals.in_flight > 0) lines.push(inFlight(totals.in_flight, listed))
  return lines
}
