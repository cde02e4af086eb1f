import type { RowValues } from '../core/verdict.ts'
import { divideKey } from '../duplicates/overlaps/queries.ts'
import type { Inspection } from '../guards/inspect.ts'
import { columnsNamed } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { jsonRelation } from '../rows/input/queries.ts'
import { toJson } from '../rows/json-value.ts'
import { overlaps } from './queries.ts'
import { findStanding, type Standing } from './standing.ts'

/**
 * A row whose range overlaps that of a key though its own key is another, under a guard that
 * declares `overlap`. Undefined where there is none, or where the key does not say the range.
 */
export async function findOverlapping(
  session: Session,
  inspection: Inspection,
  values: RowValues,
): Promise<Standing | undefined> {
  const { guard, table, parts } = inspection
  if (guard.overlap === undefined) return undefined
  const columns = [
    ...new Set([...parts.flatMap((part) => part.columns), ...columnsNamed(table, guard.overlap)]),
  ]
  if (columns.some(({ name }) => values[name] === undefined)) return undefined
  const given = jsonRelation(toJson([values]), columns, new Set())
  const condition = overlaps(guard.overlap, divideKey(inspection), given)
  return findStanding(session, { table, inspection, condition, predicate: guard.where })
}
