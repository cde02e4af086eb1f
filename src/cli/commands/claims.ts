import { type ClaimFilter, EXIT, type StoredClaim } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { given, readKey, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'
import { keyInWords } from '../run-report.ts'
import { oneLine, seconds, shorten, some } from '../text.ts'

/** Options of `onceover claims`. */
export interface ClaimsOptions extends DatabaseOptions {
  readonly guard?: string
  readonly state?: string
  readonly run?: string
  /** JSON object of some parts of the key. */
  readonly key?: string
  readonly limit: string
}

function stateInWords({ state, needsReconcile, error, ...claim }: StoredClaim): string {
  if (state === 'done') return ''
  const facts = [
    ...(state === 'claimed' && claim.worker ? [`held by ${claim.worker}`] : []),
    ...(state === 'claimed' && claim.leaseUntil ? [`until ${seconds(claim.leaseUntil)}`] : []),
    ...(needsReconcile === null ? [] : [`step ${needsReconcile} waits for a person`]),
    ...(claim.retryAt === null ? [] : [`tried again from ${seconds(claim.retryAt)}`]),
  ]
  return [facts.join(' '), error].filter(Boolean).join(': ')
}

// As runs: a key and an id are copied whole, and would leave no room beside them.
function* linesOf(claim: StoredClaim, { colors, columns }: Output): Generator<string> {
  const { key, state, guard, attempt, run, claimedAt } = claim
  yield `${colors.bold(oneLine(keyInWords(key)))}  ${state}  ${oneLine(guard)}`
  yield shorten(`  ${seconds(claimedAt)}  attempt ${attempt}  ${run}`, columns)
  const words = stateInWords(claim)
  // Whoever answers for a step needs every word of it: its idempotency key stands at the end.
  const room = claim.needsReconcile === null ? columns : Number.POSITIVE_INFINITY
  if (words) yield shorten(`  ${oneLine(words)}`, room)
}

/** `onceover claims`: lists claims, the latest first. */
export async function run(
  _names: readonly string[],
  { guard, state, run: id, key: json, limit: text, ...options }: ClaimsOptions,
  out: Output,
): Promise<number> {
  const limit = wholeNumber('--limit', text)
  const key = json === undefined ? undefined : readKey(json)
  // Which states there are, once.claims() says.
  const filter = given({ guard, state: state as ClaimFilter['state'], run: id, key })
  return connected(options, out, async (once) => {
    const found = await once.claims({ ...filter, limit })
    if (out.json) for (const each of found) out.record(each)
    else if (found.length === 0) out.line('No claims.')
    else {
      for (const each of found) for (const line of linesOf(each, out)) out.line(line)
      const more = found.length === limit ? '; there may be older ones: raise --limit' : ''
      out.progress(`${some(found.length, 'claim')}, the latest first${more}.`)
    }
    return EXIT.ok
  })
}
