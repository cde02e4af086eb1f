import { recordOutcomes } from '../audit/queries.ts'
import type { Verdict } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { type Context, identityOf } from './chunk.ts'

/** Records verdicts that no insert statement has recorded. */
export async function record(
  session: Session,
  { inspection, audit }: Context,
  verdicts: readonly Verdict[],
): Promise<void> {
  if (!audit) return
  const { parts, table } = inspection
  const counts = new Map<string, number>()
  const outcomes = verdicts.map(({ verdict, reason, key, existing }) => {
    // Events are cut by the thousand of what has the same verdict and reason.
    const kind = `${verdict} ${reason}`
    const ord = counts.get(kind) ?? 0
    counts.set(kind, ord + 1)
    return {
      ord,
      verdict,
      reason,
      key: parts.map(({ name }) => key[name] ?? null),
      found_id: existing && identityOf(table, existing),
    }
  })
  await session.query(recordOutcomes(audit, JSON.stringify(outcomes)))
}
