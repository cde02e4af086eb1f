import { OnceoverError } from '../core/error.ts'
import { totalsOf, type Verdict } from '../core/verdict.ts'

const describe = ({ index, verdict, key, existing, reason, firstIndex }: Verdict): string => {
  const met = existing ? ` exists as ${JSON.stringify(existing)}` : ''
  const why = verdict === 'collided' ? ` repeats row ${firstIndex}` : met || ` ${reason ?? ''}`
  return `row ${index} ${JSON.stringify(key)}${why}`
}

const DESCRIBED = 5

/**
 * The error of a rejected input: it lists every row that was not created.
 *
 * @param count how many rows the input had
 */
export function rejection(
  guard: string,
  verdicts: readonly Verdict[],
  count = verdicts.length,
): OnceoverError {
  const rest = verdicts.filter(({ verdict }) => verdict !== 'created')
  const more = rest.length > DESCRIBED ? `; and ${rest.length - DESCRIBED} more` : ''
  return new OnceoverError('ROWS_REJECTED', {
    message:
      `${rest.length} of ${count} rows for the guard ${guard} cannot be created, so ` +
      `nothing was written: ${rest.slice(0, DESCRIBED).map(describe).join('; ')}${more}.`,
    details: { guard, totals: totalsOf(rest), verdicts: rest },
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
