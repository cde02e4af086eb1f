import { OnceoverError } from '../core/error.ts'
import type { RowValues, Verdict, VerdictName } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { zip } from '../rows/chunk.ts'
import { toJson } from '../rows/json-value.ts'
import { jsonInput, type Row } from '../rows/prepare.ts'
import type { Grant } from './claim.ts'
import { claimUnits, previewUnits, type Terms, type UnitInput } from './grant/queries.ts'
import { send } from './send.ts'

/** What the ledger adds to the verdict of a unit. */
export interface WorkVerdict<Key = RowValues> extends Verdict<Key> {
  /** The code of the error that an attempt failed with. */
  readonly code?: string
  /** The number of the attempt. */
  readonly attempt?: number
  /** What `save` returned: of this run, or of the one that made the unit. */
  readonly result?: unknown
  /** For `in_flight`: milliseconds that the holder's lease lasts without another beat. */
  readonly heldMs?: number
  /** For `failed`: milliseconds until it may be tried again; missing where it is exhausted. */
  readonly retryMs?: number
}

/** A unit that can be sent: its key as a row of the guard's table, and what is kept of it. */
export interface Sendable extends Row {
  /** JSON of `{ key, input }`. */
  readonly unit: string
  readonly fingerprint: string | null
}

/** What came of claiming units. */
export interface Claimed {
  readonly grants: readonly Grant[]
  readonly verdicts: readonly WorkVerdict[]
  /** True where the lease is dead: nothing was claimed. */
  readonly unleased: boolean
}

interface ClaimFacts {
  readonly hash: string | null
  readonly fence?: string
  readonly attempt: number | null
  readonly generation?: number
  readonly replaces?: boolean
  readonly state?: string | null
  readonly heldMs?: number | null
  readonly retryMs?: number | null
  readonly result?: unknown
}

const NOTHING: ClaimFacts = { hash: null, attempt: null }

type Granted = readonly [
  hash: string,
  fence: string,
  attempt: number,
  generation: number,
  replaces: boolean,
]

function readGranted(json: string): ClaimFacts[] {
  const granted: Granted[] = JSON.parse(json)
  return granted.map(([hash, fence, attempt, generation, replaces]) => {
    return { hash, fence, attempt, generation, replaces }
  })
}

type Told = readonly [
  hash: string | null,
  state: string | null,
  attempt: number | null,
  heldMs: number | null,
  retryMs: number | null,
  result: unknown,
]

function readTold(json: string): ClaimFacts[] {
  const told: (Told | null)[] = JSON.parse(json)
  return told.map((each) => {
    if (!each) return NOTHING
    const [hash, state, attempt, heldMs, retryMs, result] = each
    return { hash, state, attempt, heldMs, retryMs, result }
  })
}

interface Line {
  readonly verdict: VerdictName | 'granted' | 'raced' | 'unleased' | 'known'
  readonly reason: string | null
  readonly places: string
  readonly keys: string
  readonly firsts: string | null
  readonly found: string | null
  readonly claims: string
}

interface Outcome {
  readonly place: number
  readonly first: number
  readonly verdict: Line['verdict']
  readonly reason: string | null
  readonly key: RowValues
  readonly existing: RowValues | undefined
  readonly facts: ClaimFacts
}

function* outcomesOf({ parts, shown }: Inspection, lines: readonly Line[]): Generator<Outcome> {
  for (const { verdict, reason, ...line } of lines) {
    const places: number[] = JSON.parse(line.places)
    const keys: unknown[][] = JSON.parse(line.keys)
    const firsts: number[] | null = line.firsts && JSON.parse(line.firsts)
    const found: (unknown[] | null)[] | null = line.found && JSON.parse(line.found)
    const claims = (verdict === 'granted' ? readGranted : readTold)(line.claims)
    for (const [order, place] of places.entries()) {
      const row = found?.[order]
      yield {
        place,
        first: firsts?.[order] ?? place,
        verdict,
        reason,
        key: zip(parts, keys[order] ?? []),
        existing: row ? zip(shown, row) : undefined,
        facts: claims[order] ?? NOTHING,
      }
    }
  }
}

const asGrant = (index: number, { key, existing, facts }: Outcome): Grant => ({
  index,
  key,
  hash: facts.hash ?? '',
  fence: BigInt(facts.fence ?? 0),
  attempt: facts.attempt ?? 1,
  generation: facts.generation ?? 1,
  existing,
  replaces: facts.replaces === true,
})

/** By the hash of each key that a run was given: the place of its unit in the input. */
export type GivenPlaces = Map<string, number>

function asVerdict(
  units: readonly Sendable[],
  { place, first, verdict, reason, key, existing, facts }: Outcome,
  given?: GivenPlaces,
): WorkVerdict {
  // The first may stand in an earlier chunk, whose places this statement has not seen.
  const earlier = first === place ? given?.get(facts.hash ?? '') : (units[first]?.index ?? first)
  const exhausted = verdict === 'failed' && facts.state === 'exhausted'
  return {
    index: units[place]?.index ?? place,
    verdict: verdict as VerdictName,
    key,
    ...(existing && { existing }),
    ...(reason !== null && { reason }),
    ...(verdict === 'collided' && earlier !== undefined && { firstIndex: earlier }),
    ...(exhausted && { code: 'ATTEMPTS_EXHAUSTED' }),
    ...(verdict === 'failed' && facts.attempt !== null && { attempt: facts.attempt }),
    ...(typeof facts.heldMs === 'number' && { heldMs: Math.max(0, facts.heldMs) }),
    ...(typeof facts.retryMs === 'number' &&
      verdict === 'failed' && { retryMs: Math.max(0, facts.retryMs) }),
    ...(facts.result != null && { result: facts.result }),
  }
}

const kept = (units: readonly Sendable[]): UnitInput['units'] => ({
  kept: `[${units.map(({ unit }) => unit).join(',')}]`,
  // Where the arrays differ in length, what is missing is NULL.
  fingerprints: units.some(({ fingerprint }) => fingerprint !== null)
    ? toJson(units.map(({ fingerprint }) => fingerprint))
    : '[]',
})

const MAX_RACES = 10

const statementOf = (terms: Terms, units: readonly Sendable[]): Sql =>
  claimUnits(terms, { input: jsonInput(terms.inspection, units), units: kept(units) })

/**
 * Claims units in one statement, in a READ COMMITTED transaction of its own. One whose answer was
 * lost is sent again under the same grant and given the same claims. Units that another finished
 * meanwhile are sent once more: only a later snapshot sees what it made.
 *
 * @param given of the run so far, where its units have places; what is given now is added
 * @throws OnceoverError RUN_NOT_FOUND where the run of the terms is not in the ledger
 */
export async function claim(
  database: Database,
  terms: Terms,
  units: readonly Sendable[],
  given?: GivenPlaces,
): Promise<Claimed> {
  const grants: Grant[] = []
  const verdicts: WorkVerdict[] = []
  let waiting = units
  for (let race = 0; waiting.length > 0; race++) {
    const lines = await send<Line>(database, statementOf(terms, waiting))
    const raced: Sendable[] = []
    let seen = 0
    for (const outcome of outcomesOf(terms.inspection, lines)) {
      seen++
      const unit = waiting[outcome.place]
      if (outcome.verdict === 'unleased') return { grants: [], verdicts: [], unleased: true }
      if (outcome.verdict === 'known') continue
      if (outcome.verdict === 'granted') {
        const grant = asGrant(unit?.index ?? outcome.place, outcome)
        grants.push(grant)
        given?.set(grant.hash, grant.index)
      } else if (outcome.verdict !== 'raced' || !unit) {
        verdicts.push(asVerdict(waiting, outcome, given))
      } else if (race < MAX_RACES) raced.push(unit)
      else verdicts.push({ ...asVerdict(waiting, outcome), verdict: 'in_flight' })
    }
    if (seen < waiting.length) {
      throw new OnceoverError('RUN_NOT_FOUND', {
        message: `The run ${terms.run} is not in the ledger.`,
        details: { run: terms.run },
      })
    }
    waiting = raced
  }
  return { grants, verdicts, unleased: false }
}

/**
 * Says what claiming units would come to; writes nothing.
 *
 * @param given by the chunks before, whose keys collide; what this one would give is added
 */
export async function previewClaims(
  session: Session,
  terms: Pick<Terms, 'inspection' | 'policy' | 'attempts'>,
  units: readonly Sendable[],
  given: GivenPlaces,
): Promise<readonly WorkVerdict[]> {
  if (units.length === 0) return []
  const input = jsonInput(terms.inspection, units)
  const lines = await session.query<Line>(previewUnits(terms, { input, units: kept(units) }))
  return [...outcomesOf(terms.inspection, lines)].map((outcome) => {
    const verdict = asVerdict(units, outcome, given)
    const hash = outcome.facts.hash ?? ''
    if (verdict.verdict !== 'created' && verdict.verdict !== 'replaced') return verdict
    const firstIndex = given.get(hash)
    given.set(hash, firstIndex ?? verdict.index)
    const { index, key } = verdict
    return firstIndex === undefined ? verdict : { index, key, verdict: 'collided', firstIndex }
  })
}
