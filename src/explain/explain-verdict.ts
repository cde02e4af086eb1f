import { OnceoverError } from '../core/error.ts'
import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE } from '../postgres/sqlstates.ts'
import { conclude } from './conclude.ts'
import { explainViolation } from './explain.ts'
import type { Explanation } from './explanation.ts'
import { type Facts, NO_FACTS } from './facts.ts'
import { historyOf } from './history.ts'
import { hashOf } from './key-hash.ts'
import { lackingParts, missingFacts } from './missing-part.ts'
import { momentsOf } from './moments.ts'
import type { ExplainOptions } from './options.ts'
import { findOverlapping } from './overlapping.ts'
import { hasPrimaryKey } from './queries.ts'
import { findStandIns } from './stand-in.ts'
import { findStanding } from './standing.ts'
import { notADuplicate, type ViolationKind } from './violation.ts'

/** What explaining a verdict needs besides the database. */
export interface VerdictSetting {
  readonly session: Session
  /** The guard held against the catalogue. */
  inspect(guard: Guard): Promise<Inspection>
}

/** Whether this is a verdict, of rows or of work. */
export const isVerdict = (given: unknown): given is Verdict =>
  typeof given === 'object' &&
  given !== null &&
  'verdict' in given &&
  'key' in given &&
  typeof given.key === 'object' &&
  given.key !== null

function guardOf({ key }: Verdict, guards: readonly Guard[]): Guard {
  const names = Object.keys(key)
  const fits = guards.filter((guard) => {
    const parts = Object.keys(guard.key)
    return parts.length === names.length && parts.every((name) => names.includes(name))
  })
  const [guard] = fits
  if (guard && fits.length === 1) return guard
  throw new OnceoverError('INPUT_INVALID', {
    message: `Of the guards that were passed, ${fits.length} have the key of the verdict.`,
    fix: 'Pass the one guard of the verdict: once.explain(verdict, { guards: [visits] }).',
  })
}

const KINDS: Readonly<Record<string, ViolationKind>> = {
  [SQLSTATE.uniqueViolation]: 'unique',
  [SQLSTATE.exclusionViolation]: 'exclusion',
  [SQLSTATE.notNullViolation]: 'not_null',
}

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)

async function standingOf(
  { session }: VerdictSetting,
  inspection: Inspection,
  existing: RowValues | undefined,
) {
  if (!existing) return undefined
  const { table } = inspection
  const id = Object.fromEntries(
    table.primaryKey.map(({ name }) => [name, textOf(existing[name])] as const),
  )
  return findStanding(session, { table, inspection, condition: hasPrimaryKey(table, id) })
}

// What makes a row invalid is what the guard forbids, whatever else looks odd in it.
async function forbiddenIn(session: Session, inspection: Inspection, key: RowValues) {
  const found = await findStandIns(session, inspection.table, inspection, key)
  return found.filter(({ likelihood }) => likelihood === 'certain')
}

async function gather(
  setting: VerdictSetting,
  inspection: Inspection,
  verdict: Verdict,
  options: ExplainOptions,
): Promise<Facts> {
  const { session } = setting
  const { table, guard } = inspection
  const { index, firstIndex, existing } = verdict
  const standing = await standingOf(setting, inspection, existing)
  const values: RowValues = { ...options.row, ...verdict.key }
  const invalid = verdict.verdict === 'invalid'
  const { missing } = lackingParts(inspection, values, undefined)
  return {
    ...NO_FACTS,
    guarded: { inspection, own: true, shadow: undefined },
    missing: await missingFacts(session, table, missing, verdict.key),
    standIns: invalid ? await forbiddenIn(session, inspection, verdict.key) : [],
    // Every verdict but `collided` was given to a key that stands once in its input.
    repeated: firstIndex === undefined ? [] : [firstIndex, index],
    standing,
    hidden: table.rowSecurity,
    history: await historyOf(session, {
      guard: guard.name,
      key: standing?.key,
      hash: standing?.hash ?? (await hashOf(session, inspection, values)),
      run: options.run,
      near: standing?.made,
    }),
    ...(await momentsOf(session, 'now', options)),
  }
}

const EXPLAINED: readonly string[] = ['skipped', 'collided', 'in_flight', 'invalid']
const MADE: readonly string[] = ['created', 'replaced', 'allowed']

// A row that was made can still be one too many: equal keys cannot see that two ranges overlap.
async function explainMade(
  { session }: VerdictSetting,
  inspection: Inspection,
  verdict: Verdict,
  options: ExplainOptions,
): Promise<Explanation> {
  const standing = await findOverlapping(session, inspection, { ...options.row, ...verdict.key })
  if (!standing) throw notADuplicate(`The verdict ${verdict.verdict} is not that of a duplicate.`)
  const facts: Facts = {
    ...NO_FACTS,
    kind: 'exclusion',
    guarded: { inspection, own: true, shadow: undefined },
    standing,
    history: await historyOf(session, {
      guard: inspection.guard.name,
      key: standing.key,
      hash: standing.hash,
      near: standing.made,
    }),
    ...(await momentsOf(session, 'now', options)),
  }
  return conclude(facts, inspection.table, verdict.key, inspection.guard.name)
}

/**
 * Explains a verdict: a row or unit that was skipped, collided, is in flight, is invalid for a part
 * of its key, or failed at a constraint; or one that was made and overlaps another.
 *
 * @throws OnceoverError NOT_A_DUPLICATE, CONSTRAINT_NOT_FOUND, INPUT_INVALID where the guard of the
 * verdict is not among those passed
 */
export async function explainVerdict(
  setting: VerdictSetting,
  verdict: Verdict,
  options: ExplainOptions,
): Promise<Explanation> {
  const guard = guardOf(verdict, options.guards ?? [])
  const kind = KINDS[verdict.sqlstate ?? '']
  if (kind && verdict.constraint !== undefined) {
    const { name } = (await setting.inspect(guard)).table
    const violation = { kind, constraints: [verdict.constraint], table: name, at: 'now' }
    const row = { ...options.row, ...verdict.key }
    return explainViolation(setting.session, violation, { ...options, row })
  }
  const inspection = await setting.inspect(guard)
  if (MADE.includes(verdict.verdict)) return explainMade(setting, inspection, verdict, options)
  if (!EXPLAINED.includes(verdict.verdict)) {
    throw notADuplicate(`The verdict ${verdict.verdict} is not that of a duplicate.`)
  }
  const facts = await gather(setting, inspection, verdict, options)
  if (verdict.verdict === 'invalid' && facts.missing.length + facts.standIns.length === 0) {
    throw notADuplicate(`The row is invalid for another reason: ${verdict.reason ?? ''}.`)
  }
  return conclude(facts, inspection.table, verdict.key, guard.name)
}
