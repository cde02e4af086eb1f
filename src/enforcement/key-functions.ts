import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import { type KeyFunction, keyFunctions } from '../postgres/encoder.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { sql } from '../postgres/sql.ts'
import { awaitTurnInSchema, begin, rollback, selectKeyFunction } from './queries.ts'

const TYPES = { jsonb: 'jsonb', array: 'anyarray' } as const

/** The functions that the index of a guard needs. */
export const neededFunctions = ({ table, parts }: Inspection): readonly KeyFunction[] => {
  const types = new Set<string>(
    parts.flatMap(({ part, column }) =>
      part.kind === 'set' && column?.collection ? [TYPES[column.collection]] : [],
    ),
  )
  return keyFunctions(quoteIdentifier(table.schema)).filter(({ type }) => types.has(type))
}

/**
 * Makes the functions that the index of a guard needs, beside the guarded table, where they are not
 * there. One that is there is never replaced: indexes stand on what it answers.
 *
 * @returns the DDL that ran
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE where another function has the name
 */
export async function makeKeyFunctions(
  session: Session,
  inspection: Inspection,
): Promise<readonly string[]> {
  const { guard, table } = inspection
  const functions = neededFunctions(inspection)
  if (functions.length > 0) await session.query(awaitTurnInSchema(inspection))
  const made: string[] = []
  for (const { type, body, ddl } of functions) {
    const [found] = await session.query<{ body: string }>(selectKeyFunction(table.schema, type))
    if (found?.body === body) continue
    if (found) {
      throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
        message:
          `The index of the guard ${guard.name} needs a function onceover_set(${type}), and ` +
          `another one stands in the schema ${table.schema}.`,
        fix: 'Rename that function: it is not the one that Onceover makes.',
        details: { guard: guard.name, schema: table.schema, type },
      })
    }
    await session.query(sql.raw(ddl))
    made.push(ddl)
  }
  return made
}

/** The DDL of the functions that would be made, on a session that is in no transaction. */
export async function keyFunctionsToMake(
  session: Session,
  inspection: Inspection,
): Promise<readonly string[]> {
  await session.query(begin)
  try {
    return await makeKeyFunctions(session, inspection)
  } finally {
    await session.query(rollback)
  }
}
