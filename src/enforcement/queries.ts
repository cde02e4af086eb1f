import { indexKey } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** An index on a guard's key. */
export interface WantedIndex {
  readonly name: string
  /** The quoted table or partition. */
  readonly on: string
  /** False for one that only finds the rows of a key. */
  readonly unique: boolean
  /** Whether writers go on while it is built. */
  readonly concurrently?: boolean
  /** Whether it is made without the indexes of the partitions. */
  readonly only?: boolean
}

/** The items of a guard's key, with commas between them. */
export const keyList = ({ guard, table, parts }: Inspection): string =>
  indexKey(guard, table, parts).join(', ')

const nullsOf = ({ parts }: Inspection): string =>
  parts.some(({ part }) => part.nulls === 'equal') ? ' NULLS NOT DISTINCT' : ''

/** An index on a guard's key, as its DDL. */
export const indexDdl = (
  inspection: Inspection,
  { name, on, unique, concurrently, only }: WantedIndex,
): string => {
  const { where } = inspection.guard
  return (
    `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${concurrently ? 'CONCURRENTLY ' : ''}` +
    `${quoteIdentifier(name)} ON ${only ? 'ONLY ' : ''}${on} (${keyList(inspection)})` +
    `${unique ? nullsOf(inspection) : ''}${where ? ` WHERE ${where}` : ''}`
  )
}

/** The unique constraint of a guard, which makes its index, as its DDL. */
export const constraintDdl = (inspection: Inspection): string =>
  `ALTER TABLE ${inspection.table.quoted} ADD CONSTRAINT ` +
  `${quoteIdentifier(inspection.guard.index)} UNIQUE${nullsOf(inspection)} (${keyList(inspection)})`

/** Makes a constraint of an index that stands; they have one name. */
export const adoptIndexDdl = (on: string, name: string): string =>
  `ALTER TABLE ${on} ADD CONSTRAINT ${quoteIdentifier(name)} UNIQUE ` +
  `USING INDEX ${quoteIdentifier(name)}`

/** Makes the index of a partition a part of that of its parent. */
export const attachDdl = (parent: string, child: string): string =>
  `ALTER INDEX ${parent} ATTACH PARTITION ${child}`

/** Drops an index; `concurrently` waits for those who use it, and makes nobody wait. */
export const dropIndexDdl = (quoted: string, concurrently = false): string =>
  `DROP INDEX ${concurrently ? 'CONCURRENTLY ' : ''}IF EXISTS ${quoted}`

/** The same DDL without `CONCURRENTLY`, for whoever holds the lock anyway. */
export const atOnceDdl = (ddl: string): string =>
  ddl.replace(/^DROP INDEX CONCURRENTLY/, 'DROP INDEX')

/** Drops a constraint with its index. */
export const dropConstraintDdl = (on: string, name: string): string =>
  `ALTER TABLE ${on} DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`

// A writer that meets us waits for the lock and for the work under it: together half a second.
const LOCK_MS = 200
const HOLD_MS = 300
const TRIES = 8
// Autovacuum yields to whoever waits for longer than deadlock_timeout, a second by default.
const YIELD_MS = 5_000

/** Ends the wait for a lock before those behind us have waited for long. */
export const limitLockWait = (): Sql => sql.raw(`SET LOCAL lock_timeout = ${LOCK_MS}`)

/** Whether nothing can be written here: on a standby, or where the role writes nothing. */
export const selectReadOnly = (): Sql =>
  sql`SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only`

/**
 * Ends a statement that keeps writers out before they have waited for long: also one that takes a
 * lock on each of many partitions, and waits for each. What takes longer by itself gets there in
 * the end, because after some tries it may take twice as long.
 */
export const limitHold = (attempt = 0): Sql =>
  sql.raw(`SET LOCAL statement_timeout = ${HOLD_MS * 2 ** Math.floor(attempt / TRIES)}`)

/** Waits for a lock that keeps nobody out for as long as autovacuum takes to yield. */
export const awaitVacuum = (): Sql =>
  sql.raw(`SET LOCAL lock_timeout = ${YIELD_MS}; SET LOCAL statement_timeout = 0`)

/**
 * Keeps vacuum and other builders of indexes out until the transaction ends; writers go on, also
 * behind the wait for it.
 */
export const lockBuilders = (quoted: string): Sql =>
  sql.raw(`LOCK TABLE ${quoted} IN SHARE UPDATE EXCLUSIVE MODE`)

/** Begins a transaction whose statements each see what is committed by then. */
export const begin: Sql = sql`BEGIN ISOLATION LEVEL READ COMMITTED`

/** Ends it. */
export const commit: Sql = sql`COMMIT`

/** Undoes it. */
export const rollback: Sql = sql`ROLLBACK`

// "once" in ASCII: the first half of our advisory locks on things of the catalogue.
const LOCK_SPACE = 0x6f6e6365

/**
 * Takes the turn of whoever enforces a guard on a table, until the transaction ends. It answers at
 * once: waiting for it would hold a snapshot, which an index being built waits for in turn.
 */
export const tryTurnInTransaction = (oid: string): Sql => sql`
  SELECT pg_try_advisory_xact_lock(${LOCK_SPACE}::int, ${oid}::int8::bit(32)::int) AS taken`

/** The same until the session ends. */
export const tryTurn = (oid: string): Sql => sql`
  SELECT pg_try_advisory_lock(${LOCK_SPACE}::int, ${oid}::int8::bit(32)::int) AS taken`

/** Who has the turn. */
export const selectTurnHolders = (oid: string): Sql => sql`
  SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ${LOCK_SPACE}::int8::oid AND objid = ${oid}::int8::oid
    AND pid <> pg_backend_pid()`

/** The same as one would write it. */
export const turnSql = (oid: string): string =>
  `SELECT pg_try_advisory_lock(${LOCK_SPACE}, ${Number(oid) | 0})`

/** Takes turns with whoever else makes functions in the table's schema. */
export const awaitTurnInSchema = ({ table }: Inspection): Sql =>
  sql`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int,
    to_regnamespace(quote_ident(${table.schema}))::oid::int8::bit(32)::int)`

/** The body of `onceover_set` for a type in a schema. No row where there is none. */
export const selectKeyFunction = (schema: string, type: string): Sql => sql`
  SELECT p.prosrc AS body FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = ${schema} AND p.proname = 'onceover_set'
    AND p.proargtypes[0] = ${type}::regtype AND p.pronargs = 1`

/** How many bytes a table has, its partitions and indexes included, as text. */
export const selectSize = (oid: string): Sql => sql`
  SELECT (SELECT coalesce(sum(pg_total_relation_size(relid)), 0)
      FROM pg_partition_tree(${oid}::int8::oid::regclass)
      WHERE relid <> ${oid}::int8::oid)::int8
    + pg_total_relation_size(${oid}::int8::oid) AS bytes`

/** Gathers what the planner wants to know of a table and its new index. */
export const analyze = (quoted: string): Sql => sql.raw(`ANALYZE ${quoted}`)
