import { indexKey } from '../../guards/coverage.ts'
import type { Inspection } from '../../guards/inspect.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/identifier.ts'
import { neededFunctions } from '../key-functions.ts'

/** The items of a guard's key, with commas between them. */
const keyList = ({ guard, table, parts }: Inspection): string =>
  indexKey(guard, table, parts).join(', ')

/** Whether the index of a guard calls NULLs equal. */
export const callsNullsEqual = ({ parts }: Inspection): boolean =>
  parts.some(({ part }) => part.nulls === 'equal')

const whereOf = ({ guard }: Inspection): string => (guard.where ? ` WHERE ${guard.where}` : '')

/**
 * Makes the unique index of a guard: beside writers, except on a partitioned table, where
 * PostgreSQL has no such build.
 *
 * @param concurrently false for a migration that runs in a transaction
 */
export const createIndex = (inspection: Inspection, concurrently: boolean): string => {
  const { guard, table } = inspection
  const beside = concurrently && !table.partitioned ? 'CONCURRENTLY ' : ''
  const nulls = callsNullsEqual(inspection) ? ' NULLS NOT DISTINCT' : ''
  return (
    `CREATE UNIQUE INDEX ${beside}${quoteIdentifier(guard.index)} ON ${table.quoted} ` +
    `(${keyList(inspection)})${nulls}${whereOf(inspection)}`
  )
}

/** Drops the unique index of a guard, likewise. */
export const dropIndex = ({ guard, table }: Inspection, concurrently: boolean): string =>
  `DROP INDEX ${concurrently && !table.partitioned ? 'CONCURRENTLY ' : ''}IF EXISTS ` +
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(guard.index)}`

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
export const conflictClause = (inspection: Inspection): string =>
  `ON CONFLICT (${keyList(inspection)})${whereOf(inspection)} DO NOTHING`
