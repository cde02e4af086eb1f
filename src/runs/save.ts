import type { Grant } from '../claims/claim.ts'
import { type Completion, complete } from '../claims/complete.ts'
import type { WorkVerdict } from '../claims/grant.ts'
import { isUnanswered } from '../claims/send.ts'
import { OnceoverError } from '../core/error.ts'
import { refuseValue, toJson } from '../rows/json-value.ts'
import type { Made } from './attempt.ts'
import { endAttempt } from './end.ts'
import type { Item } from './generator.ts'
import { verdictOfLost, verdictsOfLost } from './record.ts'
import type { Work } from './work.ts'

const MAX_RESULT_LENGTH = 65_536

// What save returns is kept with the claim: a row to show, not the work itself.
function resultJson(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined
  const wrong = refuseValue(result)
  const json = wrong === undefined ? toJson(result) : ''
  const why =
    wrong ??
    (json.length > MAX_RESULT_LENGTH
      ? `it has ${json.length} characters as JSON, and ${MAX_RESULT_LENGTH} are kept`
      : undefined)
  if (why === undefined) return json
  throw new OnceoverError('RESULT_INVALID', {
    message: `The result of save cannot be kept: ${why}.`,
  })
}

const itemOf = ({ taken, made, claim }: Made): Item<never, never, unknown> =>
  ({ unit: taken.unit, made, claim }) as Item<never, never, unknown>

const completionOf = ({ environment, audit, generator }: Work, lease: string): Completion => ({
  database: environment.database,
  audit,
  lease,
  idleMs: generator.timeoutMs,
})

const saved = (grant: Grant, result?: string): WorkVerdict => ({
  index: grant.index,
  verdict: grant.replaces ? 'replaced' : 'created',
  key: grant.key,
  attempt: grant.attempt,
  ...(grant.replaces && grant.existing && { existing: grant.existing }),
  ...(result !== undefined && { result: JSON.parse(result) }),
})

/** Saves one unit in the transaction that completes its claim. */
export async function saveUnit(work: Work, made: Made): Promise<WorkVerdict> {
  const { grant, lease } = made.taken
  const { save, saveAll } = work.generator.options
  let result: string | undefined
  try {
    const { saved: done } = await complete(completionOf(work, lease.id), [grant], async (tx) => {
      const item = itemOf(made)
      const returned = save ? await save(tx, item) : await saveAll?.(tx, [item])
      result = save ? resultJson(returned) : undefined
      return result
    })
    return done.length > 0 ? saved(grant, result) : await verdictOfLost(work, grant)
  } catch (error) {
    return endAttempt(work, made.taken, error)
  }
}

async function saveHalves(work: Work, made: readonly Made[]): Promise<WorkVerdict[]> {
  const middle = made.length >> 1
  const first = await saveUnits(work, made.slice(0, middle))
  return [...first, ...(await saveUnits(work, made.slice(middle)))]
}

/**
 * Saves the units of a chunk in one transaction. Where that fails the chunk is halved, until the
 * unit at fault stands alone and the others are saved. Different leases are saved apart.
 */
export async function saveUnits(work: Work, made: readonly Made[]): Promise<WorkVerdict[]> {
  const [first] = made
  if (!first) return []
  if (made.length === 1) return [await saveUnit(work, first)]
  const { lease } = first.taken
  const others = made.filter(({ taken }) => taken.lease !== lease)
  if (others.length > 0) {
    const own = made.filter(({ taken }) => taken.lease === lease)
    return [...(await saveUnits(work, own)), ...(await saveUnits(work, others))]
  }
  const byHash = new Map(made.map((each) => [each.taken.grant.hash, each]))
  const grants = made.map(({ taken }) => taken.grant)
  try {
    const done = await complete(completionOf(work, lease.id), grants, async (tx, owned) => {
      const items = owned.flatMap(({ hash }) => {
        const each = byHash.get(hash)
        return each ? [itemOf(each)] : []
      })
      await work.generator.options.saveAll?.(tx, items)
      return undefined
    })
    const lost = await verdictsOfLost(work, done.lost)
    return [...done.saved.map((grant) => saved(grant)), ...lost]
  } catch (error) {
    // No unit is at fault where the database does not answer, nor would halves fare better.
    if (isUnanswered(error)) {
      return Promise.all(made.map(({ taken }) => endAttempt(work, taken, error)))
    }
    return saveHalves(work, made)
  }
}
