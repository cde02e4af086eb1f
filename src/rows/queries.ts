import { type Audit, groupOutcomes, recordGroups } from '../audit/queries.ts'
import { indexKey } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { type Input, inputRows, writtenColumns } from './input/queries.ts'

/** One statement over one input. */
export interface Statement {
  readonly inspection: Inspection
  readonly input: Input
  readonly policy: 'skip' | 'replace' | 'allow'
  /** The columns of a created or existing row to answer with. */
  readonly shown: readonly Column[]
  readonly audit: Audit | undefined
}

const EXACT = new Set(['int8', 'numeric', 'money', 'float8', 'float4'])
const EXACT_ARRAYS = new Set([...EXACT].map((base) => `_${base}`))

// A JSON number would lose digits in JavaScript, and a timestamptz would be in the session's zone.
const asJson = (expression: string, base = ''): string => {
  if (EXACT.has(base)) return `(${expression})::text`
  if (EXACT_ARRAYS.has(base)) return `(${expression})::text[]`
  if (base !== 'timestamptz') return expression
  return `CASE WHEN isfinite(${expression})
    THEN (to_json((${expression}) AT TIME ZONE 'UTC') #>> '{}') || 'Z'
    ELSE (${expression})::text END`
}

const MAX_ARGUMENTS = 100

// json and not jsonb: it is only written down, and text is joined several times faster. A function
// takes at most 100 arguments, so a wider row is put together from parts.
const jsonArray = (items: readonly string[]): string => {
  if (items.length <= MAX_ARGUMENTS) return `json_build_array(${items.join(', ')})`
  const parts: string[] = []
  for (let start = 0; start < items.length; start += MAX_ARGUMENTS) {
    parts.push(`jsonb_build_array(${items.slice(start, start + MAX_ARGUMENTS).join(', ')})`)
  }
  return `(${parts.join(' || ')})::json`
}

const places = (prefix: string, columns: readonly Column[]): string[] =>
  columns.map((_, place) => `${prefix}${place}`)

// The columns of a table's row under names that no column of the input has.
const renamed = (prefix: string, columns: readonly Column[]): string[] =>
  columns.map(({ quoted }, place) => `${quoted} AS ${prefix}${place}`)

const jsonRow = (prefix: string, columns: readonly Column[], all: readonly Column[]): string =>
  jsonArray(columns.map((column) => asJson(`${prefix}${all.indexOf(column)}`, column.base)))

const jsonIdentity = (prefix: string, { table }: Inspection, all: readonly Column[]): string =>
  `json_build_object(${table.primaryKey
    .map(
      (column) =>
        `${quoteLiteral(column.name)}, ${asJson(`${prefix}${all.indexOf(column)}`, column.base)}`,
    )
    .join(', ')})`

const keyNames = ({ parts }: Inspection): string[] => parts.map((_, index) => `once_k${index}`)

const jsonKey = ({ parts }: Inspection): string =>
  jsonArray(parts.map(({ column }, index) => asJson(`once_k${index}`, column?.base)))

const equal = (left: string, right: string, nullable: boolean): string =>
  nullable ? `(${left} = ${right} OR (${left} IS NULL AND ${right} IS NULL))` : `${left} = ${right}`

const bound = ({ guard, parts }: Inspection): string => {
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

// Every row with its canonical key, its fault, and the first row of the input with the same key.
const rankedRows = (inspection: Inspection, input: Input): Sql => sql`
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

// The primary key and the columns to answer with.
const answered = ({ table }: Inspection, shown: readonly Column[]): readonly Column[] => [
  ...new Set([...table.primaryKey, ...shown]),
]

// Each ranked row beside the row that stands for its key, found by the index that enforces the
// guard. The lookup is lateral, because a join would let a wrong estimate read the whole table.
const metRows = (inspection: Inspection, input: Input, shown: readonly Column[]): Sql => {
  const { table, parts, copies, guard } = inspection
  const matches = parts.map(({ encoding, part }, index) =>
    equal(encoding.indexed, `ranked.once_k${index}`, part.nulls === 'equal'),
  )
  const columns = renamed('once_f', answered(inspection, shown))
  const top = copies ? `, max(${copies.quoted}) OVER () AS once_top` : ''
  return sql`
  met AS MATERIALIZED (
    SELECT ranked.*, found.* FROM (${rankedRows(inspection, input)}) AS ranked
    ${sql.raw(`LEFT JOIN LATERAL (
      SELECT true AS once_met, ${columns.join(', ')}${top} FROM ${table.quoted} AS once_table
      WHERE ranked.once_bound AND ranked.once_fault IS NULL
        AND ranked.once_ord = ranked.once_first
        AND (${guard.where ?? 'true'}) AND ${matches.join(' AND ')}
      ${copies ? `ORDER BY ${copies.quoted}` : ''} LIMIT 1) AS found ON true`)})`
}

const conflictAction = ({ inspection, input, policy }: Statement): string => {
  const { guard, table, parts } = inspection
  const target = `(${indexKey(guard, table, parts).join(', ')})`
  const where = guard.where ? ` WHERE ${guard.where}` : ''
  if (policy !== 'replace') return `ON CONFLICT ${target}${where} DO NOTHING`
  const own = new Set(table.primaryKey)
  const set = writtenColumns(inspection, input)
    .filter((column) => !own.has(column))
    .map(({ quoted }) => `${quoted} = EXCLUDED.${quoted}`)
  return `ON CONFLICT ${target}${where} DO UPDATE SET ${set.join(', ')}`
}

// Rows go in by key order, the same for every caller: two calls cannot wait for each other.
const insertedRows = (statement: Statement): Sql => {
  const { inspection, input, policy, shown } = statement
  const { table, parts, copies } = inspection
  const written = writtenColumns(inspection, input)
  const names = written.map(({ quoted }) => quoted)
  const order = ['once_bound', ...keyNames(inspection), 'once_ord'].join(', ')
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  return sql.raw(`
  inserted AS (
    INSERT INTO ${table.quoted} AS once_table
      (${[...names, ...(copies ? [copies.quoted] : [])].join(', ')})
    ${written.some(({ identity }) => identity === 'a') ? 'OVERRIDING SYSTEM VALUE' : ''}
    SELECT ${[...names, ...(copies ? ['coalesce(once_top + 1, 0)'] : [])].join(', ')} FROM met
    WHERE once_fault IS NULL AND once_ord = once_first
      ${policy === 'skip' ? 'AND once_met IS NULL' : ''}
    ORDER BY ${order}
    ${conflictAction(statement)}
    RETURNING ${[...renamed('once_m', answered(inspection, shown)), ...keys].join(', ')},
      true AS once_made, ${bound(inspection)} AS once_bound,
      ${policy === 'replace' ? 'xmax <> 0' : 'false'} AS once_replaced)`)
}

const alwaysBound = ({ guard, parts }: Inspection): boolean =>
  guard.where === undefined && parts.every(({ part }) => part.nulls !== 'distinct')

// Rows that the key does not bind have no key to be found by: they come out in the order in which
// they went in.
const madeRows = (inspection: Inspection, shown: readonly Column[]): Sql => {
  const all = answered(inspection, shown)
  const keys = keyNames(inspection)
  const row = [
    'once_ord',
    'once_first',
    'once_fault',
    'once_met',
    ...keys,
    ...places('once_f', all),
  ]
  const made = ['once_made', 'once_replaced', ...places('once_m', all)].join(', ')
  const columns = `${row.map((name) => `met.${name}`).join(', ')}, ${made}`
  const same = inspection.parts.map(({ part }, index) =>
    equal(`met.once_k${index}`, `inserted.once_k${index}`, part.nulls === 'equal'),
  )
  const order = [...keys, 'once_ord'].join(', ')
  const unbound = `
    UNION ALL
    SELECT ${columns} FROM
      (SELECT *, row_number() OVER (ORDER BY ${order}) AS once_place
        FROM met WHERE NOT once_bound) AS met
      LEFT JOIN (SELECT *, row_number() OVER () AS once_place
        FROM inserted WHERE NOT once_bound) AS numbered USING (once_place)`
  return sql.raw(`
  made AS (
    SELECT ${columns} FROM met LEFT JOIN inserted ON inserted.once_bound
      AND met.once_ord = met.once_first AND ${same.join(' AND ')}
    WHERE met.once_bound ${alwaysBound(inspection) ? '' : unbound})`)
}

const MET = { skip: 'skipped', replace: 'replaced', allow: 'allowed' } as const

// One line for each row of the input: its verdict, its key, and the rows made and met.
const outcomes = (
  statement: Pick<Statement, 'inspection' | 'shown' | 'policy'>,
  done: boolean,
): Sql => {
  const { inspection, shown, policy } = statement
  const all = answered(inspection, shown)
  const replaced = policy === 'replace' && done ? 'once_replaced' : 'once_met'
  const verdict = done
    ? `WHEN once_made AND ${replaced} THEN '${MET[policy]}'
        WHEN once_made THEN 'created'
        ${policy === 'skip' ? `WHEN once_met THEN 'skipped'` : ''}
        ELSE 'raced'`
    : `WHEN once_met THEN '${MET[policy]}' ELSE 'created'`
  const made = done ? `CASE WHEN once_made THEN ${jsonRow('once_m', shown, all)} END` : 'NULL::json'
  const identity = `CASE WHEN once_met THEN ${jsonIdentity('once_f', inspection, all)} END`
  return sql.raw(`
  outcome AS MATERIALIZED (
    SELECT once_ord AS ord, once_first AS first, ${jsonKey(inspection)} AS key,
      CASE WHEN once_fault IS NOT NULL THEN 'invalid'
        WHEN once_ord <> once_first THEN 'collided' ${verdict} END AS verdict,
      CASE WHEN once_fault IS NOT NULL THEN once_fault
        WHEN once_met ${done ? 'AND once_made IS NULL' : ''} THEN 'exists' END AS reason,
      ${made} AS made,
      CASE WHEN once_met THEN ${jsonRow('once_f', shown, all)} END AS found,
      ${done ? identity : 'NULL::json'} AS found_id
    FROM ${done ? 'made' : 'met'})`)
}

// Parallel arrays: the places of the rows, for a collision the first place, the rows made and met.
const GROUPED = [
  'json_agg(ord) AS places',
  "json_agg(first) FILTER (WHERE verdict = 'collided') AS firsts",
  'CASE WHEN bool_or(made IS NOT NULL) THEN json_agg(made) END AS made',
  'CASE WHEN bool_or(found IS NOT NULL) THEN json_agg(found) END AS found',
]

const ANSWER = sql.raw(`SELECT verdict, reason, places::text AS places, keys::text AS keys,
  firsts::text AS firsts, made::text AS made, found::text AS found FROM grouped`)

const pipeline = (statement: Statement, more: readonly string[]): Sql => {
  const { inspection, input, shown, audit } = statement
  const recorded = audit ? sql`, ${recordGroups(audit)}` : sql.raw('')
  return sql`WITH ${metRows(inspection, input, shown)}, ${insertedRows(statement)},
    ${madeRows(inspection, shown)}, ${outcomes(statement, true)}, ${groupOutcomes(more)}${recorded}`
}

/**
 * Inserts rows and answers with one line for each verdict and reason: `places`, `keys`, `firsts`,
 * `made` and `found` are JSON arrays in one order. A row whose key was committed by another after
 * this statement began is `raced`.
 */
export const insertRows = (statement: Statement): Sql =>
  sql`${pipeline(statement, GROUPED)} ${ANSWER}`

/** Inserts staged rows and answers with the number of each verdict, and the places that raced. */
export const insertSelected = (statement: Statement): Sql =>
  sql`${pipeline(statement, ["json_agg(ord) FILTER (WHERE verdict = 'raced') AS places"])}
    SELECT verdict, rows::text AS count, places::text AS places FROM grouped`

/** Answers with the outcome that each row would have; writes nothing and locks nothing. */
export const previewRows = (statement: Omit<Statement, 'audit'>): Sql => {
  const { inspection, input, shown } = statement
  return sql`WITH ${metRows(inspection, input, shown)}, ${outcomes(statement, false)},
    ${groupOutcomes(GROUPED)} ${ANSWER}`
}

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
  const shown = keyed === 'every' ? key : `CASE WHEN once_ord <> once_first THEN ${key} END`
  return sql`SELECT json_agg(json_build_array(once_ord, once_first, ${sql.raw(shown)}) ORDER BY
    ${sql.raw(keys.join(', '))}, once_ord)::text AS places
    FROM (${rankedRows(inspection, input)}) AS ranked`
}

/** Has deferred constraints checked by each statement until the transaction ends. */
export const checkAtOnce = (): Sql => sql.raw('SET CONSTRAINTS ALL IMMEDIATE')

/**
 * Takes a transaction lock on each key of a guard with copies, in one order for every caller. A
 * statement of its own, so that the next one sees what the previous holder committed.
 */
export const lockKeys = (inspection: Inspection, input: Input): Sql => {
  const key = sql.raw(jsonArray(keyNames(inspection)))
  return sql`SELECT count(pg_advisory_xact_lock(lock)) AS locks FROM (
    SELECT DISTINCT hashtextextended(${inspection.guard.name}::text || (${key})::text, 0) AS lock
    FROM (${rankedRows(inspection, input)}) AS ranked WHERE once_bound ORDER BY lock) AS locks`
}
