import { OnceoverError } from '../core/error.ts'
import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { sqlstate } from '../postgres/sqlstates.ts'
import type { Fault } from './isolate.ts'
import { attemptedKey, type Row } from './prepare.ts'

/** A row that PostgreSQL refused by itself, as a verdict: `invalid` for a data exception. */
export function refusedRow(
  inspection: Inspection,
  row: Row,
  key: RowValues,
  error: unknown,
): Verdict {
  const state = sqlstate(error) ?? ''
  const details = error instanceof OnceoverError ? error.details : {}
  const cause = error instanceof OnceoverError ? error.cause : error
  const constraint = details.constraint
  return {
    index: row.index,
    verdict: /^(22|54)/.test(state) ? 'invalid' : 'failed',
    key,
    reason: cause instanceof Error ? cause.message : `${inspection.table.name}: ${state}`,
    sqlstate: state,
    ...(typeof constraint === 'string' && { constraint }),
  }
}

/**
 * Verdicts of the rows that PostgreSQL refused, named by their places among `rows`.
 *
 * @param keys the canonical keys, where they are known
 */
export const refusedRows = (
  inspection: Inspection,
  rows: readonly Row[],
  faults: readonly Fault[],
  keys?: ReadonlyMap<Row, RowValues>,
): Verdict[] =>
  faults.flatMap(({ place, error }) => {
    const row = rows[place]
    if (!row) return []
    const key = keys?.get(row) ?? attemptedKey(inspection, row.values)
    return refusedRow(inspection, row, key, error)
  })
