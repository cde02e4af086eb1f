import { registrationOf } from '../claims/register.ts'
import { causeOf, OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { sqlstate } from '../postgres/sqlstates.ts'
import { expectation, expectationFailed, refuseHidden } from '../runs/expectation.ts'
import { rangeOf } from '../runs/expected.ts'
import { type AnyGenerator, type Days, isGenerator } from '../runs/generator.ts'
import type { WorkEnvironment } from '../runs/work.ts'
import { expectedOfEntity, type Made } from './judged/queries.ts'
import { type Layout, layoutOf } from './layout.ts'
import { explainLabels } from './queries.ts'
import { checkSpan, type Span, type SpanOptions, spanOf } from './span.ts'

/** A guard, or a generator that also says what is expected. */
export type MatrixSource = Guard | AnyGenerator

/** Refuses an option that there is not. */
export function checkOptions(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `There is no option ${unknown}.`,
    fix: `The options are: ${known.join(', ')}.`,
  })
}

async function expectedIn(
  of: MatrixSource,
  layout: Layout,
  days: Days,
  entity: string | null | undefined,
) {
  if (!isGenerator(of) || !of.options.expected) return undefined
  const { inspection, beside } = layout
  // Nobody can say what the database will generate.
  const given = beside && (beside.generated || beside.identity === 'a') ? undefined : beside
  const narrow = (query: Sql): Sql => expectedOfEntity(layout, entity, query)
  return (await expectation(of, inspection, rangeOf(of, days), given, narrow)).input
}

async function checkLabels(session: Session, { inspection: { guard } }: Layout): Promise<void> {
  if (guard.matrix?.labels === undefined) return
  await session.query(explainLabels(guard.matrix.labels)).catch((error: unknown) => {
    if (!/^42(?!501)/.test(sqlstate(error) ?? '')) throw error
    throw new OnceoverError('EXPRESSION_INVALID', {
      message: `PostgreSQL refuses the labels of the guard ${guard.name}: ${causeOf(error)}.`,
      fix: 'Write a query of two columns, such as SELECT id, name FROM students.',
      details: { guard: guard.name, clause: 'labels' },
      cause: error,
    })
  })
}

/** A matrix that is about to be read: all that a statement needs, at one moment of the data. */
export interface Reading {
  readonly session: Session
  readonly layout: Layout
  readonly span: Span
  readonly made: Made
}

/** Which part of the matrix of a guard is read. */
export interface Wanted {
  /** The span that `expected` is asked for. */
  readonly span: (layout: Layout) => SpanOptions
  /** What is shown of it, where that is less. */
  readonly shown?: Pick<Made, 'from' | 'to' | 'entity'>
}

/**
 * Reads of the matrix of a guard, on one moment of the data.
 *
 * @throws OnceoverError INPUT_INVALID, RLS_HIDES_ROWS, EXPRESSION_INVALID, CALLBACK_FAILED
 */
export async function readMatrix<T>(
  environment: WorkEnvironment,
  of: MatrixSource,
  { span: spanIn, shown }: Wanted,
  read: (reading: Reading) => Promise<T>,
): Promise<T> {
  const { database } = environment
  const guard = isGenerator(of) ? of.guard : of
  const inspection = await environment.inspect(guard, database.session)
  const layout = layoutOf(inspection)
  const options = spanIn(layout)
  checkSpan(layout, options)
  refuseHidden(inspection)
  const migrated = await environment.audited(database.session)
  const ledger = migrated ? registrationOf(inspection).key : undefined
  return inOneMoment(database, layout, async (session) => {
    await checkLabels(session, layout)
    const span = await spanOf(session, layout, options)
    const expected = await expectedIn(of, layout, span.days, shown?.entity)
    const made = { layout, from: span.from, to: span.to, ...shown, expected, ledger }
    return read({ session, layout, span, made })
  })
}

async function inOneMoment<T>(
  database: Database,
  { inspection }: Layout,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    return await database.read(work)
  } catch (error) {
    throw expectationFailed(inspection, error, database.target)
  }
}
