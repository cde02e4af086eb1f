import type { Inspection } from '../../guards/inspect.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonKey } from '../answer/queries.ts'
import { type Input, inputRows } from '../input/queries.ts'

/** The names of a ranked row's key parts: `once_k0`, `once_k1`, … */
export const keyNames = ({ parts }: Inspection): string[] =>
  parts.map((_, index) => `once_k${index}`)

/** Whether two parts are equal; `nullable` where NULL equals NULL. */
export const equal = (left: string, right: string, nullable: boolean): string =>
  nullable ? `(${left} = ${right} OR (${left} IS NULL AND ${right} IS NULL))` : `${left} = ${right}`

/** Whether the key binds a row: its `where` holds, and no part of it is a NULL of its own. */
export const bound = ({ guard, parts }: Inspection): string => {
  const distinct = parts.filter(({ part }) => part.nulls === 'distinct')
  const known = distinct.map(({ encoding }) => ` AND ${encoding.indexed} IS NOT NULL`).join('')
  return `((${guard.where ?? 'true'})${known}) IS TRUE`
}

const faults = ({ parts }: Inspection): string => {
  const branches = parts.flatMap(({ name, part, encoding }, index) => {
    const key = `once_k${index}`
    const words = (text: string) => quoteLiteral(`${name}: ${text}`)
    const forbidden = part.forbid.map((value) => encoding.literal(quoteLiteral(value)))
    return [
      part.nulls === 'reject' ? `WHEN ${key} IS NULL THEN ${words('it is NULL')}` : '',
      forbidden.length > 0
        ? `WHEN ${key} IN (${forbidden.join(', ')}) THEN ${words('the value is forbidden')}`
        : '',
      part.values.length > 0
        ? `WHEN ${key}::text NOT IN (${part.values.map(quoteLiteral).join(', ')})
           THEN ${words(`it is not ${part.values.join(' or ')}`)}`
        : '',
    ].filter(Boolean)
  })
  return branches.length > 0
    ? `CASE WHEN NOT once_bound THEN NULL ${branches.join(' ')} END`
    : 'NULL'
}

/**
 * Every row of an input with its canonical key, whether the key binds it, its fault, and the first
 * row with the same key.
 */
export const rankedRows = (inspection: Inspection, input: Input): Sql => sql`
  SELECT keyed.*, ${sql.raw(faults(inspection))} AS once_fault,
    CASE WHEN once_bound THEN min(once_ord) OVER (
      PARTITION BY once_bound, ${sql.raw(keyNames(inspection).join(', '))})
    ELSE once_ord END AS once_first
  FROM (SELECT input.*, ${sql.raw(bound(inspection))} AS once_bound,
      ${sql.raw(
        inspection.parts
          .map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
          .join(', '),
      )}
    FROM (${inputRows(inspection, input)}) AS input) AS keyed`

/**
 * The places of the rows in key order, each with the first place that has the same key, and with
 * the key itself for every row or for those that collided.
 */
export const orderRows = (
  inspection: Inspection,
  input: Input,
  keyed: 'every' | 'collided',
): Sql => {
  const keys = keyNames(inspection)
  const key = jsonKey(inspection)
  // A row at fault is invalid by itself, whatever other rows have its key.
  const first = 'CASE WHEN once_fault IS NULL THEN once_first ELSE once_ord END'
  const shown = keyed === 'every' ? key : `CASE WHEN once_ord <> ${first} THEN ${key} END`
  const place = `json_build_array(once_ord, ${first}, ${shown})`
  return sql`SELECT
    ${sql.raw(`json_agg(${place} ORDER BY ${keys.join(', ')}, once_ord)::text AS places`)}
    FROM (${rankedRows(inspection, input)}) AS ranked`
}

/** Has deferred constraints checked by each statement until the transaction ends. */
export const checkAtOnce = (): Sql => sql.raw('SET CONSTRAINTS ALL IMMEDIATE')

// More locks than a transaction may hold, of which all connections share some thousands.
const LOCKS = 1024

const UNHASHABLE = new Set(['money', 'bit', 'varbit', 'tsvector', 'tsquery'])

/**
 * Takes transaction locks on the keys of a guard with copies, in one order for every caller; keys
 * share a fixed number of locks. A statement of its own, so that the next one sees what the
 * previous holder committed. The types of the key hash it, so that equal keys have equal locks.
 */
export const lockKeys = (inspection: Inspection, input: Input): Sql => {
  const key = inspection.parts.map(({ base }, index) =>
    UNHASHABLE.has(base) ? `once_k${index}::text` : `once_k${index}`,
  )
  const bucket = `(hash_record_extended(ROW(${key.join(', ')}), 0) & ${LOCKS - 1})`
  return sql`SELECT count(pg_advisory_xact_lock(lock)) AS locks,
      current_setting('transaction_isolation') AS isolation FROM (
    SELECT DISTINCT hashtextextended(${inspection.table.quoted}::text, ${sql.raw(bucket)}) AS lock
    FROM (${rankedRows(inspection, input)}) AS ranked WHERE once_bound ORDER BY lock) AS locks`
}

/** Waits for the calls that ran into a deadlock on a table before, until the transaction ends. */
export const standInLine = (table: string): Sql =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${table}::text || ' line', 0)) IS NULL AS line`
