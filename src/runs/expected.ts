import type { Unit } from '../claims/claim.ts'
import { wordsOf } from '../claims/fail.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { callbackFailed } from './callback.ts'
import { fetchExpected, keyColumns, openExpected } from './expected/queries.ts'
import type { AnyGenerator, Days, Expected } from './generator.ts'
import { onlyGiven } from './only/queries.ts'
import { onlyUnits } from './only.ts'
import { isIterable } from './source.ts'
import { wholeNumber } from './whole-number.ts'

const FETCH_UNITS = 1000

/** What to throw for an error of a query of expected units: it may lack a column of the key. */
export function lacksColumn(inspection: Inspection, error: unknown): unknown {
  if (sqlstate(error) !== SQLSTATE.undefinedColumn) return error
  // Any other column is the query's own: PostgreSQL says which.
  if (!/expected\./.test(wordsOf(error))) return error
  const names = keyColumns(inspection).map(({ name }) => name)
  return new OnceoverError('EXPECTED_MISSING', {
    message: `The query of expected units of ${inspection.guard.name} lacks a column of the key.`,
    fix: `Name its columns ${names.join(', ')}.`,
    details: { guard: inspection.guard.name, columns: names },
    cause: error,
  })
}

async function* unitsOfQuery(
  database: Database,
  inspection: Inspection,
  query: Sql,
): AsyncGenerator<Unit, void, undefined> {
  const whole = keyColumns(inspection).filter(({ base }) => base === 'int8')
  const connection = await database.connect()
  try {
    await connection.session.query(openExpected(inspection, query))
    for (;;) {
      const rows = await connection.session.query<{ key: string; input: string | null }>(
        fetchExpected(FETCH_UNITS),
      )
      if (rows.length === 0) return
      for (const { key, input } of rows) {
        const values: Record<string, unknown> = JSON.parse(key)
        for (const { name } of whole) {
          if (typeof values[name] === 'string') values[name] = wholeNumber(values[name])
        }
        yield { key: values, input: input === null ? undefined : JSON.parse(input) }
      }
    }
  } catch (error) {
    throw lacksColumn(inspection, error)
  } finally {
    await connection.close()
  }
}

/** @throws OnceoverError EXPECTED_MISSING where a generator declares no `expected` */
export function requireExpected({ guard, options }: AnyGenerator): void {
  if (options.expected) return
  throw new OnceoverError('EXPECTED_MISSING', {
    message: `The generator of ${guard.name} does not say what is expected in a range.`,
    details: { guard: guard.name },
  })
}

/**
 * The range of a span of days.
 *
 * @throws OnceoverError CALLBACK_FAILED
 */
export function rangeOf({ guard, options }: AnyGenerator, days: Days): RowValues {
  const { range } = options
  if (!range) return { ...days }
  const name = `range of the generator of ${guard.name}`
  const given = asked(name, () => range(days))
  if (typeof given === 'object' && given !== null) return given as RowValues
  throw callbackFailed(name, new Error('it answered with no range'))
}

/**
 * What a generator expects in a range.
 *
 * @throws OnceoverError EXPECTED_MISSING where it declares nothing, CALLBACK_FAILED
 */
export function expectedOf(generator: AnyGenerator, range: RowValues): Expected<never, unknown> {
  requireExpected(generator)
  const { guard, options } = generator
  const name = `expected of the generator of ${guard.name}`
  const expected = asked(name, () => options.expected?.(range))
  const right = expected instanceof Sql || isIterable(Object(expected))
  if (right && typeof expected === 'object') return expected as Expected<never, unknown>
  throw callbackFailed(name, new Error('it answered with neither a query nor units'))
}

function asked(name: string, ask: () => unknown): unknown {
  try {
    return ask()
  } catch (error) {
    throw callbackFailed(name, error)
  }
}

/**
 * The units that a generator expects in a range, in constant memory.
 *
 * @param only the only keys that are wanted, as `onlyKeys` wrote them; undefined for all
 * @throws OnceoverError EXPECTED_MISSING, and what the query fails with
 */
export function expectedUnits(
  database: Database,
  inspection: Inspection,
  generator: AnyGenerator,
  range: RowValues,
  only: string | undefined,
): Iterable<unknown> | AsyncIterable<unknown> {
  const expected = expectedOf(generator, range)
  if (expected instanceof Sql) {
    const query = only === undefined ? expected : onlyGiven(inspection, expected, only)
    return unitsOfQuery(database, inspection, query)
  }
  return only === undefined ? expected : onlyUnits(database.session, inspection, expected, only)
}
