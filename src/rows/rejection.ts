import { OnceoverError } from '../core/error.ts'
import { type RowValues, totalsOf, type Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'

const describe = ({ index, verdict, key, existing, reason, firstIndex }: Verdict): string => {
  const met = existing ? ` exists as ${JSON.stringify(existing)}` : ''
  const why = verdict === 'collided' ? ` repeats row ${firstIndex}` : met || ` ${reason ?? ''}`
  return `row ${index} ${JSON.stringify(key)}${why}`
}

/** Verdicts with the primary key and the `show` columns of what was met, and no other column. */
export function asShown<V extends Verdict>({ shown }: Inspection, verdicts: readonly V[]): V[] {
  const names = new Set(shown.map(({ name }) => name))
  const pick = (row: RowValues): RowValues =>
    Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name)))
  return verdicts.map((verdict) =>
    verdict.existing ? { ...verdict, existing: pick(verdict.existing) } : verdict,
  )
}

const DESCRIBED = 5

/**
 * The error of a rejected input: it lists every row that was not created. What it says is logged
 * and passed on, so of a row that exists it has only what the guard shows.
 *
 * @param count how many rows the input had
 */
export function rejection(
  inspection: Inspection,
  verdicts: readonly Verdict[],
  count = verdicts.length,
): OnceoverError {
  const guard = inspection.guard.name
  const wrong = verdicts.filter(({ verdict }) => verdict !== 'created')
  const rest = asShown(inspection, wrong)
  const primaryKey = inspection.table.primaryKey.map(({ name }) => name)
  const more = rest.length > DESCRIBED ? `; and ${rest.length - DESCRIBED} more` : ''
  return new OnceoverError('ROWS_REJECTED', {
    message:
      `${rest.length} of ${count} rows for the guard ${guard} cannot be created, so ` +
      `nothing was written: ${rest.slice(0, DESCRIBED).map(describe).join('; ')}${more}.`,
    details: { guard, totals: totalsOf(rest), primaryKey, verdicts: rest },
  })
}

/**
 * The verdicts of a rejected input: every row that was not created, with the row that exists.
 * Undefined for any other error.
 */
export const rejectedVerdicts = (error: unknown): readonly Verdict[] | undefined =>
  error instanceof OnceoverError && error.code === 'ROWS_REJECTED'
    ? (error.details.verdicts as readonly Verdict[])
    : undefined
