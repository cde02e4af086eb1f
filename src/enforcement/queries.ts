import { indexKey } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

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

/** Waits for a lock as long as it takes. */
export const waitForLocks = (): Sql => sql.raw('SET LOCAL lock_timeout = 0')

// "once" in ASCII: the first half of our advisory locks on things of the catalogue.
const LOCK_SPACE = 0x6f6e6365

/** Takes turns with whoever else enforces a guard on this table, until the transaction ends. */
export const awaitTurnOnTable = ({ table }: Inspection): Sql =>
  sql`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int, ${table.oid}::int8::bit(32)::int)`

/** Takes turns with whoever else makes functions in the table's schema. */
export const awaitTurnInSchema = ({ table }: Inspection): Sql =>
  sql`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int,
    to_regnamespace(quote_ident(${table.schema}))::oid::int8::bit(32)::int)`

/** The body of `onceover_set` for a type in a schema. No row where there is none. */
export const selectKeyFunction = (schema: string, type: string): Sql => sql`
  SELECT p.prosrc AS body FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = ${schema} AND p.proname = 'onceover_set'
    AND p.proargtypes[0] = ${type}::regtype AND p.pronargs = 1`
