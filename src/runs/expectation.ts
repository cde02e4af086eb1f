import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Input } from '../rows/input/queries.ts'
import { jsonInput, prepareRows } from '../rows/prepare.ts'
import { expectedOf, lacksColumn } from './expected.ts'
import type { AnyGenerator } from './generator.ts'
import { queriedKeys } from './judged/queries.ts'
import { isIterable, type Source } from './source.ts'

/** What is expected, as a statement reads it. */
export interface Expectation {
  readonly input: Input
  /** Units that are none, found before the database saw them. */
  readonly invalid: number
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const keyOf = (unit: unknown, beside: Column | undefined): unknown => {
  const { key, input } = isRecord(unit) ? unit : {}
  if (!beside || !isRecord(key) || Object.hasOwn(key, beside.name)) return key
  return { ...key, [beside.name]: isRecord(input) ? (input[beside.name] ?? null) : null }
}

/**
 * What a generator expects of a source, as the input of a statement.
 *
 * @param beside a column to read besides the key's: of a query, or of the inputs of units
 * @param narrow makes a query answer with what is of interest only; units come as they are
 * @throws OnceoverError EXPECTED_MISSING, CALLBACK_FAILED
 */
export async function expectation(
  generator: AnyGenerator,
  inspection: Inspection,
  source: Source,
  beside?: Column,
  narrow: (query: Sql) => Sql = (query) => query,
): Promise<Expectation> {
  const expected = isIterable(source) ? source : expectedOf(generator, source)
  if (expected instanceof Sql) {
    return { input: queriedKeys(inspection, narrow(expected), beside), invalid: 0 }
  }
  const keys: unknown[] = []
  for await (const unit of expected) keys.push(keyOf(unit, beside))
  const { rows, invalid } = prepareRows(inspection, keys)
  return { input: jsonInput(inspection, rows), invalid: invalid.length }
}

/** @throws OnceoverError RLS_HIDES_ROWS where a hidden row would look missing */
export function refuseHidden({ guard, table }: Inspection): void {
  if (!table.rowSecurity) return
  throw new OnceoverError('RLS_HIDES_ROWS', {
    message: `Row-level security hides rows of ${guard.table}: they would look missing.`,
    details: { guard: guard.name, table: guard.table },
  })
}

// A table that the query of expected units misspells is no schema of ours; nor is its column.
const OURS: ReadonlyMap<string | undefined, RegExp> = new Map([
  [SQLSTATE.undefinedTable, /onceover\./],
  [SQLSTATE.undefinedColumn, /"unmade"/],
])

const lacksLedger = (error: unknown): boolean =>
  error instanceof OnceoverError &&
  error.cause instanceof Error &&
  (OURS.get(sqlstate(error))?.test(error.cause.message) ?? false)

/** What to throw for an error of a statement that holds what is expected against the ledger. */
export const expectationFailed = (
  inspection: Inspection,
  error: unknown,
  target: string,
): unknown => (lacksLedger(error) ? unmigrated(error, target) : lacksColumn(inspection, error))
