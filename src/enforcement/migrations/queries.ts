import type { Inspection } from '../../guards/inspect.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/identifier.ts'
import { neededFunctions } from '../key-functions.ts'
import { dropIndexDdl, indexDdl, keyList } from '../queries.ts'

/** Whether the index of a guard calls NULLs equal. */
export const callsNullsEqual = ({ parts }: Inspection): boolean =>
  parts.some(({ part }) => part.nulls === 'equal')

/**
 * Makes the unique index of a guard: beside writers, except on a partitioned table, where
 * PostgreSQL has no such build.
 *
 * @param concurrently false for a migration that runs in a transaction
 */
export const createIndex = (inspection: Inspection, concurrently: boolean): string =>
  indexDdl(inspection, {
    name: inspection.guard.index,
    on: inspection.table.quoted,
    unique: true,
    concurrently: concurrently && !inspection.table.partitioned,
  })

/** Drops the unique index of a guard, likewise. */
export const dropIndex = ({ guard, table }: Inspection, concurrently: boolean): string =>
  dropIndexDdl(
    `${quoteIdentifier(table.schema)}.${quoteIdentifier(guard.index)}`,
    concurrently && !table.partitioned,
  )

// A dollar-quoted text ends at its tag: it must not be in it.
const dollarQuoted = (text: string): string => {
  let tag = '$onceover$'
  while (text.includes(tag)) tag = tag.replace(/\$$/, '_$')
  return `${tag}${text}${tag}`
}

/**
 * Makes the functions that the index of a guard needs, where they are not there. One that is there
 * is never replaced: indexes stand on what it answers.
 */
export const createFunctions = (inspection: Inspection): readonly string[] =>
  neededFunctions(inspection).map(({ type, ddl }) => {
    const name = `${quoteIdentifier(inspection.table.schema)}.onceover_set(${type})`
    const body = `
BEGIN
  IF to_regprocedure(${quoteLiteral(name).trim()}) IS NULL THEN
    ${ddl};
  END IF;
END
`
    return `DO ${dollarQuoted(body)}`
  })

/** What an INSERT says so that the index of a guard decides. */
export const conflictClause = (inspection: Inspection): string => {
  const { where } = inspection.guard
  return `ON CONFLICT (${keyList(inspection)})${where ? ` WHERE ${where}` : ''} DO NOTHING`
}
