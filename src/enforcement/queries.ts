import { indexKey } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import { keyFunctions } from '../postgres/encoder.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** The functions that the index of a guard needs, beside the guarded table. */
export const createKeyFunctions = ({ table, parts }: Inspection): readonly Sql[] =>
  parts.some(({ part }) => part.kind === 'set')
    ? keyFunctions(quoteIdentifier(table.schema)).map(({ ddl }) =>
        sql.raw(ddl.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')),
      )
    : []

/** The unique index that enforces a guard, as its DDL. */
export const createIndex = ({ guard, table, parts }: Inspection): string => {
  const nulls = parts.some(({ part }) => part.nulls === 'equal') ? ' NULLS NOT DISTINCT' : ''
  return (
    `CREATE UNIQUE INDEX ${quoteIdentifier(guard.index)} ON ${table.quoted} ` +
    `(${indexKey(guard, table, parts).join(', ')})${nulls}` +
    `${guard.where ? ` WHERE ${guard.where}` : ''}`
  )
}

/**
 * Keeps writers and other builders out of a table until the transaction ends; readers go on. SHARE
 * was refused: two processes would both hold it, and both build.
 */
export const lockWriters = ({ table }: Inspection): Sql =>
  sql.raw(`LOCK TABLE ${table.quoted} IN SHARE ROW EXCLUSIVE MODE`)

/** Ends the wait for a lock, so that enforcing never stands in the way of others for long. */
export const limitLockWait = (): Sql => sql.raw(`SET LOCAL lock_timeout = '5s'`)
