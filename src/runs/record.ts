import type { Grant } from '../claims/claim.ts'
import { type Fate, fates } from '../claims/complete.ts'
import type { WorkVerdict } from '../claims/grant.ts'
import { toJson } from '../rows/json-value.ts'
import { recordUnits } from './queries.ts'
import { send, type Work } from './work.ts'

/** Records verdicts that no statement on claims has recorded. */
export async function record(work: Work, verdicts: readonly WorkVerdict[]): Promise<void> {
  if (verdicts.length === 0) return
  const { parts } = work.inspection
  const outcomes = verdicts.map(({ verdict, reason, key }, ord) => ({
    ord,
    verdict,
    reason,
    key: parts.map(({ name }) => key[name] ?? null),
  }))
  await send(work.environment, recordUnits(work.audit, toJson(outcomes)))
}

// A cancel has recorded its claims, and a failure was recorded where the attempt ended.
const UNRECORDED: ReadonlySet<string> = new Set(['in_flight', 'skipped'])

/** The verdicts on units that their worker lost, as the ledger has them now; recorded. */
export async function verdictsOfLost(work: Work, grants: readonly Grant[]): Promise<WorkVerdict[]> {
  if (grants.length === 0) return []
  const { environment, generator } = work
  const found = await fates(environment.database, generator.guard.name, grants)
  const verdicts = grants.map((grant) => verdictOfFate(grant, found.get(grant.hash)))
  await record(
    work,
    verdicts.filter(({ verdict }) => UNRECORDED.has(verdict)),
  )
  return verdicts
}

/** The verdict on a unit that its worker lost, as the ledger has it now; recorded. */
export async function verdictOfLost(work: Work, grant: Grant): Promise<WorkVerdict> {
  const [verdict] = await verdictsOfLost(work, [grant])
  return verdict ?? verdictOfFate(grant, undefined)
}

function verdictOfFate({ index, key }: Grant, fate: Fate | undefined): WorkVerdict {
  const lost = { index, key, code: 'CLAIM_LOST' }
  switch (fate?.state) {
    case 'done':
      return { ...lost, verdict: 'skipped', reason: 'exists' }
    case 'cancelled':
      return { ...lost, verdict: 'cancelled', reason: fate.error ?? 'cancelled' }
    case 'claimed':
      return { ...lost, verdict: 'in_flight', reason: 'taken over by another worker' }
    default:
      return { ...lost, verdict: 'failed', reason: fate?.error ?? 'the claim is gone' }
  }
}
