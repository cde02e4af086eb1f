import { type Audit, auditOutcome } from '../audit/queries.ts'
import { indexKey } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import { type Column, columnsNamed } from '../guards/table.ts'
import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** Where the rows of a statement come from. */
export interface Input {
  /** A relation of the named columns and `once_ord`, the place of the row in the input. */
  readonly relation: Sql
  /** The columns that the relation has. */
  readonly columns: readonly Column[]
  /** Those of them that some rows leave out; such a row names their places in `once_missing`. */
  readonly partial: ReadonlySet<Column>
}

/** One statement over one input. */
export interface Statement {
  readonly inspection: Inspection
  readonly input: Input
  readonly policy: 'skip' | 'replace' | 'allow'
  /** The columns of a created or existing row to answer with. */
  readonly shown: readonly Column[]
  readonly audit: Audit | undefined
}

const EXACT_AS_TEXT = new Set(['int8', 'numeric', 'money', 'float8', 'float4'])

// A JSON number would lose digits in JavaScript.
const asJson = (expression: string, base: string | undefined): string =>
  EXACT_AS_TEXT.has(base ?? '') ? `(${expression})::text` : expression

const MAX_ARGUMENTS = 50

// A function takes at most 100 arguments.
const jsonArray = (items: readonly string[]): string => {
  const groups: string[] = []
  for (let start = 0; start === 0 || start < items.length; start += MAX_ARGUMENTS) {
    groups.push(`jsonb_build_array(${items.slice(start, start + MAX_ARGUMENTS).join(', ')})`)
  }
  return groups.join(' || ')
}

const jsonRow = (alias: string, columns: readonly Column[]): string =>
  jsonArray(columns.map(({ quoted, base }) => asJson(`${alias}.${quoted}`, base)))

const keyNames = ({ parts }: Inspection): string[] => parts.map((_, index) => `once_k${index}`)

const jsonKey = (alias: string, { parts }: Inspection): string =>
  jsonArray(parts.map(({ column }, index) => asJson(`${alias}.once_k${index}`, column?.base)))

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

/** The columns that a statement computes besides those given, because the guard's SQL reads them. */
function derivedColumns({ guard, table, parts, copies }: Inspection, input: Input) {
  const given = new Set(input.columns)
  const wanted = new Set([
    ...parts.flatMap(({ columns }) => columns),
    ...columnsNamed(table, guard.where ?? ''),
  ])
  for (const column of wanted) {
    if (column.generated) for (const each of columnsNamed(table, column.default)) wanted.add(each)
  }
  if (copies) wanted.delete(copies)
  const missing = [...wanted].filter((column) => !given.has(column))
  return {
    defaults: missing.filter(({ generated }) => !generated),
    generated: missing.filter(({ generated }) => generated),
  }
}

/** The columns that a statement writes: those given, and those whose defaults the key reads. */
const writtenColumns = (inspection: Inspection, input: Input): readonly Column[] => [
  ...input.columns,
  ...derivedColumns(inspection, input).defaults,
]

const inputRows = (inspection: Inspection, input: Input): Sql => {
  const { defaults, generated } = derivedColumns(inspection, input)
  const given = input.columns.map((column, place) =>
    input.partial.has(column)
      ? `CASE WHEN ${place} = ANY(once_missing) THEN ${column.default}
         ELSE given.${column.quoted} END AS ${column.quoted}`
      : `given.${column.quoted}`,
  )
  const values = defaults.map((each) => `(${each.default})::${each.type} AS ${each.quoted}`)
  const plain = sql`SELECT ${sql.raw(['once_ord', ...given, ...values].join(', '))}
    FROM ${input.relation} AS given`
  if (generated.length === 0) return plain
  const computed = generated.map((each) => `(${each.default}) AS ${each.quoted}`)
  return sql`SELECT plain.*, ${sql.raw(computed.join(', '))} FROM (${plain}) AS plain`
}

/** Rows as a JSON array of objects with the columns' names, `once_ord` and `once_missing`. */
export const jsonRelation = (json: string, columns: readonly Column[]): Sql => {
  const fields = columns.map(({ quoted, type }) => `${quoted} ${type}`)
  return sql`(SELECT * FROM json_to_recordset(${json}::json) AS fields(${sql.raw(
    ['once_ord int', 'once_missing int[]', ...fields].join(', '),
  )}))`
}

// Every row with its canonical key, its fault, and the first row of the input with the same key.
const rankedRows = (inspection: Inspection, input: Input): Sql => sql`
  ranked AS MATERIALIZED (
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
      FROM (${inputRows(inspection, input)}) AS input) AS keyed)`

// The row that stands for each key, by the index that enforces the guard.
const existingRows = (inspection: Inspection, shown: readonly Column[]): Sql => {
  const { table, parts, copies, guard } = inspection
  const columns = [...new Set([...table.primaryKey, ...shown])].map(({ quoted }) => quoted)
  const matches = parts.map(({ encoding, part }, index) =>
    equal(encoding.indexed, `ranked.once_k${index}`, part.nulls === 'equal'),
  )
  const top = copies ? `, max(${copies.quoted}) OVER () AS once_top` : ''
  return sql.raw(`
  existing AS MATERIALIZED (
    SELECT ranked.once_ord, found.*
    FROM ranked CROSS JOIN LATERAL (
      SELECT ${columns.join(', ')}${top} FROM ${table.quoted}
      WHERE (${guard.where ?? 'true'}) AND ${matches.join(' AND ')}
      ${copies ? `ORDER BY ${copies.quoted}` : ''} LIMIT 1) AS found
    WHERE once_bound AND once_fault IS NULL AND once_ord = once_first)`)
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
  const kept = policy === 'skip' ? 'AND found.once_ord IS NULL' : ''
  const answer = [...new Set([...table.primaryKey, ...shown])].map(({ quoted }) => quoted)
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  return sql.raw(`
  inserted AS (
    INSERT INTO ${table.quoted} (${[...names, ...(copies ? [copies.quoted] : [])].join(', ')})
    ${written.some(({ identity }) => identity === 'a') ? 'OVERRIDING SYSTEM VALUE' : ''}
    SELECT ${names.map((name) => `ranked.${name}`).join(', ')}
      ${copies ? ', coalesce(found.once_top + 1, 0)' : ''}
    FROM ranked LEFT JOIN existing AS found USING (once_ord)
    WHERE once_fault IS NULL AND once_ord = once_first ${kept}
    ORDER BY once_bound, ${keyNames(inspection)
      .map((name) => `ranked.${name}`)
      .join(', ')}, once_ord
    ${conflictAction(statement)}
    RETURNING ${[...answer, ...keys].join(', ')}, ${bound(inspection)} AS once_bound,
      ${policy === 'replace' ? 'xmax <> 0' : 'false'} AS once_replaced),
  free AS (
    SELECT wanted.once_ord, made.* FROM
      (SELECT once_ord, row_number() OVER (ORDER BY
        ${keyNames(inspection).join(', ')}, once_ord) AS once_place
        FROM ranked WHERE NOT once_bound) AS wanted
      JOIN (SELECT inserted.*, row_number() OVER () AS once_place
        FROM inserted WHERE NOT once_bound) AS made USING (once_place))`)
}

const MET = { skip: 'skipped', replace: 'replaced', allow: 'allowed' } as const

// One line for each row of the input: its verdict, its key, and the rows made and met.
const outcomes = ({ inspection, shown, policy }: Statement): Sql => {
  const { table, parts } = inspection
  const same = parts.map(({ part }, index) =>
    equal(`ranked.once_k${index}`, `inserted.once_k${index}`, part.nulls === 'equal'),
  )
  const met = policy === 'replace' ? 'inserted.once_replaced' : 'existing.once_ord IS NOT NULL'
  const made = `inserted.${table.primaryKey[0]?.quoted} IS NOT NULL`
  return sql.raw(`
  outcome AS MATERIALIZED (
    SELECT ranked.once_ord AS ord, once_first AS first, ${jsonKey('ranked', inspection)} AS key,
      CASE WHEN once_fault IS NOT NULL THEN 'invalid'
        WHEN ranked.once_ord <> once_first THEN 'collided'
        WHEN free.once_ord IS NOT NULL THEN 'created'
        WHEN ${made} AND ${met} THEN '${MET[policy]}'
        WHEN ${made} THEN 'created'
        ${policy === 'skip' ? `WHEN existing.once_ord IS NOT NULL THEN 'skipped'` : ''}
        ELSE 'raced' END AS verdict,
      coalesce(once_fault, CASE WHEN existing.once_ord IS NOT NULL AND NOT coalesce(${made}, false)
        THEN 'exists' END) AS reason,
      CASE WHEN free.once_ord IS NOT NULL THEN ${jsonRow('free', shown)}
        WHEN ${made} THEN ${jsonRow('inserted', shown)} END AS made,
      CASE WHEN existing.once_ord IS NOT NULL THEN ${jsonRow('existing', shown)} END AS found,
      CASE WHEN existing.once_ord IS NOT NULL
        THEN ${jsonRow('existing', table.primaryKey)} END AS found_id
    FROM ranked
    LEFT JOIN existing ON existing.once_ord = ranked.once_ord
    LEFT JOIN inserted ON ranked.once_bound AND inserted.once_bound
      AND ranked.once_ord = ranked.once_first AND ${same.join(' AND ')}
    LEFT JOIN free ON free.once_ord = ranked.once_ord)`)
}

const pipeline = (statement: Statement): Sql => {
  const { inspection, input, shown, audit } = statement
  const recorded = audit ? sql`, ${auditOutcome(audit)}` : sql.raw('')
  return sql`WITH ${rankedRows(inspection, input)}, ${existingRows(inspection, shown)},
    ${insertedRows(statement)}, ${outcomes(statement)}${recorded}`
}

const ANSWER = sql.raw(
  'json_agg(json_build_array(ord, first, verdict, reason, key, made, found))::text AS outcomes',
)

/**
 * Inserts rows and answers with one outcome for each: `[ord, first, verdict, reason, key, made,
 * found]`. A row whose key was committed by another after this statement began is `raced`.
 */
export const insertRows = (statement: Statement): Sql =>
  sql`${pipeline(statement)} SELECT ${ANSWER} FROM outcome`

/** Inserts staged rows and answers with the number of each verdict, and the places that raced. */
export const insertSelected = (statement: Statement): Sql =>
  sql`${pipeline(statement)} SELECT verdict, count(*)::text AS count,
    CASE WHEN verdict = 'raced' THEN json_agg(ord)::text END AS places
    FROM outcome GROUP BY verdict`

const STAGE = 'onceover_staged_rows'

/** Runs a SELECT into a temporary table that the end of the transaction drops. */
export const stageRows = (select: Sql): Sql =>
  sql`CREATE TEMPORARY TABLE ${sql.raw(STAGE)} ON COMMIT DROP AS
    SELECT (row_number() OVER () - 1)::int AS once_ord, selected.* FROM (${select}) AS selected`

/** Drops the staged rows, for the next call in the same transaction. */
export const dropStage = (): Sql => sql.raw(`DROP TABLE pg_temp.${STAGE}`)

/** The columns of the staged rows, and how many rows there are. */
export const selectStagedColumns = (): Sql =>
  sql.raw(`
  SELECT a.attname AS name, (SELECT count(*) FROM pg_temp.${STAGE})::text AS rows
  FROM pg_attribute a WHERE a.attrelid = 'pg_temp.${STAGE}'::regclass AND a.attnum > 1
  ORDER BY a.attnum`)

/** One staged row, as JSON. */
export const selectStagedRow = (place: number): Sql => sql`
  SELECT row_to_json(staged)::text AS values FROM ${sql.raw(`pg_temp.${STAGE}`)} AS staged
  WHERE once_ord = ${place}`

/** The staged rows from `start` up to `end`, or those of the given places. */
export const stagedRelation = (
  columns: readonly Column[],
  [start, end]: readonly [start: number, end: number],
  places: readonly number[] | undefined,
): Sql => {
  const typed = columns.map(({ quoted, type }) => `${quoted}::${type} AS ${quoted}`)
  const chosen = places
    ? sql`once_ord IN (SELECT json_array_elements_text(${JSON.stringify(places)}::json)::int)`
    : sql`once_ord >= ${start} AND once_ord < ${end}`
  return sql`(SELECT ${sql.raw(['once_ord', ...typed].join(', '))}
    FROM ${sql.raw(`pg_temp.${STAGE}`)} WHERE ${chosen})`
}

/** Answers with the outcome that each row would have; writes nothing and locks nothing. */
export const previewRows = ({ inspection, input, policy, shown }: Omit<Statement, 'audit'>): Sql =>
  sql`WITH ${rankedRows(inspection, input)}, ${existingRows(inspection, shown)},
  outcome AS (
    SELECT ranked.once_ord AS ord, once_first AS first, ${sql.raw(jsonKey('ranked', inspection))} AS key,
      CASE WHEN once_fault IS NOT NULL THEN 'invalid'
        WHEN ranked.once_ord <> once_first THEN 'collided'
        WHEN existing.once_ord IS NOT NULL THEN ${MET[policy]}::text
        ELSE 'created' END AS verdict,
      coalesce(once_fault, CASE WHEN existing.once_ord IS NOT NULL THEN 'exists' END) AS reason,
      NULL::jsonb AS made,
      CASE WHEN existing.once_ord IS NOT NULL
        THEN ${sql.raw(jsonRow('existing', shown))} END AS found
    FROM ranked LEFT JOIN existing ON existing.once_ord = ranked.once_ord)
  SELECT ${ANSWER} FROM outcome`

/** The places of the rows in key order, each with the first place that has the same key. */
export const orderRows = (inspection: Inspection, input: Input): Sql =>
  sql`WITH ${rankedRows(inspection, input)}
  SELECT json_agg(json_build_array(once_ord, once_first) ORDER BY
    ${sql.raw(keyNames(inspection).join(', '))}, once_ord)::text AS places FROM ranked`

/**
 * Takes a transaction lock on each key of a guard with copies, in one order for every caller. A
 * statement of its own, so that the next one sees what the previous holder committed.
 */
export const lockKeys = (inspection: Inspection, input: Input): Sql =>
  sql`WITH ${rankedRows(inspection, input)}
  SELECT count(pg_advisory_xact_lock(lock)) AS locks FROM (
    SELECT DISTINCT hashtextextended(${inspection.guard.name}::text || (${sql.raw(
      jsonKey('ranked', inspection),
    )})::text, 0) AS lock
    FROM ranked WHERE once_bound ORDER BY lock) AS locks`
