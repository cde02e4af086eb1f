import type { Guard } from '../guards/guard.ts'
import { inspectAnyTable } from '../guards/table.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { conclude } from './conclude.ts'
import { type Constraint, findConstraint } from './constraint.ts'
import type { Explanation } from './explanation.ts'
import { type Facts, NO_FACTS } from './facts.ts'
import { gatedConstraint } from './gated.ts'
import { gather } from './gather.ts'
import { guardBeside, placeGuards } from './guarded.ts'
import { momentsOf } from './moments.ts'
import type { ExplainOptions } from './options.ts'
import { notADuplicate, type Violation } from './violation.ts'

const quotedTable = ({ schema, table }: Pick<Constraint, 'schema' | 'table'>): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`

async function explainMissing(
  session: Session,
  violation: Violation,
  guards: readonly Guard[],
  options: ExplainOptions,
): Promise<Explanation> {
  const { column = '', schema, table: name = '' } = violation
  for (const { guard } of await placeGuards(session, guards)) {
    if (!(column in guard.key)) continue
    const table = await inspectAnyTable(session, guard.table)
    if (table.name !== name || (schema ?? table.schema) !== table.schema) continue
    const attempted = { ...options.row, [column]: null }
    const facts: Facts = {
      ...NO_FACTS,
      kind: 'not_null',
      missing: [{ column, alike: undefined }],
      ...(await momentsOf(session, violation.at, options)),
    }
    return conclude(facts, table, attempted, guard.name)
  }
  throw notADuplicate(`${column} of ${name} is NULL, and in the key of no guard that was passed.`)
}

/**
 * Explains a refusal: finds its constraint in the catalogue, the row that stands, and what speaks
 * for each cause. Reads only.
 *
 * @throws OnceoverError NOT_A_DUPLICATE, CONSTRAINT_NOT_FOUND
 */
export async function explainViolation(
  session: Session,
  violation: Violation,
  options: ExplainOptions,
): Promise<Explanation> {
  const guards = options.guards ?? []
  if (violation.kind === 'not_null') return explainMissing(session, violation, guards, options)
  const placed = await placeGuards(session, guards)
  const oids = new Set(placed.map(({ oid }) => oid))
  const constraint = await findConstraint(session, violation, oids).catch(async (error) => {
    const gated = await gatedConstraint(session, placed, violation)
    if (!gated) throw error
    return gated
  })
  const guarded = await guardBeside(session, placed, constraint)
  const inspection = guarded?.inspection
  const table = inspection?.table ?? (await inspectAnyTable(session, quotedTable(constraint)))
  const scene = { session, constraint, table, inspection, row: options.row }
  const { facts, attempted } = await gather(scene, guarded, violation, options)
  return conclude(facts, table, attempted, inspection?.guard.name)
}
