import type { RowValues } from '../core/verdict.ts'
import type { Table } from '../guards/table.ts'
import { uniqueIndexes } from '../guards/unique-index.ts'
import type { Session } from '../postgres/session.ts'
import { type Attempt, findRepeated, readAttempt, type Scene } from './attempt.ts'
import type { Constraint } from './constraint.ts'
import type { Facts } from './facts.ts'
import type { Guarded } from './guarded.ts'
import { historyOf } from './history.ts'
import { hashOf } from './key-hash.ts'
import { lackingParts, missingFacts } from './missing-part.ts'
import { momentsOf } from './moments.ts'
import type { ExplainOptions } from './options.ts'
import { findStandIns } from './stand-in.ts'
import type { Standing } from './standing.ts'
import type { Violation } from './violation.ts'

/** The facts of a duplicate, and the values that were attempted. */
export interface Gathered {
  readonly facts: Facts
  readonly attempted: RowValues
}

async function isOtherKey(
  session: Session,
  { inspection }: Guarded,
  values: RowValues,
  standing: Standing | undefined,
): Promise<boolean | undefined> {
  if (standing?.hash === undefined) return undefined
  const hash = await hashOf(session, inspection, values)
  return hash === undefined ? undefined : hash !== standing.hash
}

async function widerThan(session: Session, table: Table, { parts, name }: Constraint) {
  const own = parts.flatMap(({ column }) => column ?? [])
  if (own.length < parts.length) return undefined
  const all = await uniqueIndexes(session, table)
  return all.find(
    ({ index }) =>
      index.name !== name &&
      index.columns.length > own.length &&
      own.every((column) => index.columns.includes(column)),
  )?.index.name
}

const nullsOf = ({ values }: Attempt): string[] =>
  Object.keys(values).filter((name) => values[name] === null)

/** Finds out all that a refusal by a constraint is weighed by. */
export async function gather(
  scene: Scene,
  guarded: Guarded | undefined,
  violation: Violation,
  options: ExplainOptions,
): Promise<Gathered> {
  const { session, table, inspection, constraint, row } = scene
  const attempt = await readAttempt(scene, violation)
  const { standing, equalKey } = attempt
  const values = { ...row, ...attempt.values }
  const lacking = inspection ? lackingParts(inspection, values, row) : { missing: [], unsaid: [] }
  const nulls = [...nullsOf(attempt), ...lacking.missing]
  const keyed = inspection?.parts.flatMap(({ column }) => column?.name ?? []) ?? []
  const shown = Object.entries(values).filter(
    ([name]) => name in attempt.values || keyed.includes(name),
  )
  const attempted = Object.fromEntries(shown)
  const facts: Facts = {
    kind: constraint.exclusion ? 'exclusion' : 'unique',
    constraint,
    guarded,
    known: Object.keys(attempt.values).length > 0,
    missing: await missingFacts(session, table, nulls, attempted),
    unsaid: lacking.unsaid,
    standIns: await findStandIns(session, table, inspection, attempted),
    repeated: await findRepeated(scene, attempt, options.input),
    standing,
    hidden: table.rowSecurity,
    otherKey: guarded && (await isOtherKey(session, guarded, values, standing)),
    equalKey,
    wider: guarded ? undefined : await widerThan(session, table, constraint),
    history: await historyOf(session, {
      guard: inspection?.guard.name ?? '',
      key: standing?.key,
      hash: standing?.hash ?? (inspection && (await hashOf(session, inspection, values))),
      run: options.run,
      near: standing?.made,
    }),
    ...(await momentsOf(session, violation.at, options)),
  }
  return { facts, attempted }
}
