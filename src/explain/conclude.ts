import type { RowValues } from '../core/verdict.ts'
import type { Table } from '../guards/table.ts'
import { weighCauses } from './cause.ts'
import type { Explanation, Maker } from './explanation.ts'
import type { Facts } from './facts.ts'
import { fixFor } from './fix.ts'
import { iso, makingOf } from './timing.ts'
import { notADuplicate } from './violation.ts'

function makerOf({ history }: Facts): Maker | undefined {
  const { made, claim } = history
  const from = made ?? (claim?.state === 'done' ? claim : undefined)
  return from && { run: from.run, actor: from.actor, reason: from.reason }
}

/** The likeliest cause of what was found out, with all there is to say. */
export function conclude(
  facts: Facts,
  table: Table,
  attempted: RowValues,
  guard: string | undefined,
): Explanation {
  const [first, ...others] = weighCauses(facts)
  if (!first || first.likelihood === 'ruled_out') {
    throw notADuplicate(`Nothing on ${table.quoted} shows why the row was refused.`)
  }
  const { standing } = facts
  const making = makingOf(facts)
  const madeBy = makerOf(facts)
  return {
    ...(guard !== undefined && { guard }),
    ...(facts.constraint && { constraint: facts.constraint.name }),
    table: `${table.schema}.${table.name}`,
    attempted,
    ...(standing && { existing: standing.row, existingId: standing.id }),
    ...(standing && madeBy && { madeBy }),
    ...(standing && making && { madeAt: iso(making.at) }),
    cause: first.cause,
    likelihood: first.likelihood,
    evidence: first.evidence,
    others,
    fix: fixFor(first.cause, facts, table),
  }
}
