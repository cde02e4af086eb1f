import type { DividedKey } from '../duplicates/overlaps/queries.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column, Table } from '../guards/table.ts'
import { exactJson, exactText } from '../postgres/exact-json.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/identifier.ts'
import { keyHash } from '../postgres/key-hash.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** Ends each look of an explanation that takes too long, until its transaction ends. */
export const limitExplaining = (timeoutMs: number): Sql => sql`
  SELECT set_config('statement_timeout', ${Math.max(1, Math.round(timeoutMs))}::int::text, true)`

/** What is known of the constraint to look for. */
export interface ConstraintSearch {
  readonly names: readonly string[]
  /** Columns of the key, in any order, where no name is known. */
  readonly columns: readonly string[] | undefined
}

/**
 * Unique and exclusion constraints by name, or unique ones by their columns: each with the parts of
 * its key, the operator that finds two of them in conflict, and the tables whose rows it binds, a
 * partition's ancestors among them.
 */
export const selectConstraints = ({ names, columns }: ConstraintSearch): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT c.relname AS index, k.conname AS constraint, n.nspname AS schema, t.relname AS table,
    pg_table_is_visible(t.oid) AS visible, i.indisprimary AS primary,
    (SELECT json_agg(id::int8::text) FROM (
      SELECT t.oid AS id UNION SELECT relid::oid FROM pg_partition_ancestors(t.oid)) AS line)
      AS tables,
    k.conexclop IS NOT NULL AS exclusion, i.indnullsnotdistinct AS nulls_not_distinct,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)) AS definition,
    (SELECT json_agg(json_build_object(
        'sql', pg_get_indexdef(i.indexrelid, p.place::int, true), 'column', a.attname,
        'type', format_type(coalesce(a.atttypid, x.atttypid), coalesce(a.atttypmod, x.atttypmod)),
        'notNull', coalesce(a.attnotnull, false),
        'operator', coalesce((SELECT format('OPERATOR(%I.%s)', s.nspname, o.oprname)
          FROM pg_operator o JOIN pg_namespace s ON s.oid = o.oprnamespace
          WHERE o.oid = k.conexclop[p.place]), '=')) ORDER BY p.place)
      FROM unnest(i.indkey) WITH ORDINALITY AS p(attnum, place)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND p.attnum > 0
      LEFT JOIN pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = p.place
      WHERE p.place <= i.indnkeyatts) AS parts
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
  WHERE (i.indisunique OR k.conexclop IS NOT NULL) AND n.nspname !~ '^pg_(toast|catalog)'
    AND (c.relname = ANY(${[...names]}::text[]) OR k.conname = ANY(${[...names]}::text[])
      OR ${columns === undefined ? null : [...columns].sort()}::text[] = (
        SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")
        FROM pg_attribute a WHERE a.attrelid = i.indrelid
          AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])))
  ORDER BY c.relname, n.nspname LIMIT 100) AS found`

/** A value of a key as text, with the SQL that it is compared by. */
export interface Compared {
  readonly sql: string
  readonly type: string
  readonly operator: string
  readonly value: string | null
}

/** The condition that a row has these values; true of every row where there are none. */
export const hasValues = (compared: readonly Compared[]): Sql =>
  sql.join(
    [{ sql: 'true', type: 'boolean', operator: '=', value: 'true' }, ...compared].map(
      ({ sql: item, type, operator, value }) =>
        value === null
          ? sql.raw(`(${item}) IS NULL`)
          : sql`${sql.raw(`(${item}) ${operator}`)} CAST(${value}::text AS ${sql.raw(type)})`,
    ),
    ' AND ',
  )

/** The condition that a row has this primary key, its values as text. */
export const hasPrimaryKey = (table: Table, values: Readonly<Record<string, string>>): Sql =>
  hasValues(
    table.primaryKey.map(({ quoted, type, name }) => {
      return { sql: quoted, type, operator: '=', value: values[name] ?? null }
    }),
  )

/**
 * The condition that a row's range overlaps that of a given key, whose parts outside the range it
 * shares, and that it is not the row of that key.
 *
 * @param given a relation of one row with the columns of the key
 */
export const overlaps = (range: string, { apart, ranged }: DividedKey, given: Sql): Sql => {
  const keyOf = (parts: DividedKey['apart']) => parts.map(({ encoding }) => encoding.inline)
  const named = (prefix: string, items: readonly string[]) =>
    items.map((item, place) => `${item} AS ${prefix}${place}`)
  const [fixed, moving] = [keyOf(apart), keyOf(ranged)]
  const values = [...named('once_a', fixed), ...named('once_r', moving)]
  const same = fixed.map((item, place) => `${item} = once_a${place}`)
  const unlike = moving.map((item, place) => `${item} IS DISTINCT FROM once_r${place}`)
  const conditions = [...same, `(${range}) && once_range`, `(${unlike.join(' OR ')})`]
  return sql`EXISTS (
    SELECT FROM (SELECT ${sql.raw([...values, `(${range}) AS once_range`].join(', '))}
      FROM ${given} AS once_given) AS once_key
    WHERE ${sql.raw(conditions.join(' AND '))})`
}

/** Where to look for a row, and what to say of it. */
export interface StandingSearch {
  readonly table: Table
  readonly shown: readonly Column[]
  /** The column that says when a row was made, where there is one. */
  readonly madeIn: Column | undefined
  readonly condition: Sql
  readonly predicate: string | undefined
  /** The guard whose key and hash of the row are wanted. */
  readonly inspection: Inspection | undefined
}

const epoch = (moment: string): string => `extract(epoch FROM ${moment})::float8`

const keyFacts = ({ parts }: Inspection): string => {
  const key = parts.map(({ encoding, base }) => exactJson(encoding.inline, base))
  const hashed = parts.map(({ encoding, base }) => ({ value: encoding.inline, base }))
  return `'key', json_build_array(${key.join(', ')}), 'hash', encode(${keyHash(hashed)}, 'hex'),`
}

/**
 * One row that meets a condition: what is shown of it, when it was made as far as anything says,
 * how many transactions ago that was, and its key and the key's hash under a guard.
 */
export const selectStanding = (search: StandingSearch): Sql => {
  const { table, shown, madeIn, condition, predicate, inspection } = search
  const row = shown.map(({ quoted, base }) => exactText(`once_table.${quoted}`, base))
  const made = madeIn && `(once_table.${madeIn.quoted})::timestamptz`
  return sql`
  SELECT json_build_object('row', json_build_array(${sql.raw(row.join(', '))}),
    ${sql.raw(inspection ? keyFacts(inspection) : '')}
    'made', ${sql.raw(made ? epoch(made) : 'NULL')},
    'committed', ${sql.raw(
      `CASE WHEN current_setting('track_commit_timestamp')::bool
        THEN ${epoch('pg_xact_commit_timestamp(once_table.xmin)')} END`,
    )},
    'transactions', age(once_table.xmin))::text AS standing
  FROM ${sql.raw(table.quoted)} AS once_table
  WHERE (${condition}) AND (${sql.raw(predicate ?? 'true')}) LIMIT 1`
}

/**
 * Now, and the moment of the error, as seconds since 1970.
 *
 * @param at as the log writes it; null where it does not say
 */
export const selectMoments = (at: string | null): Sql => sql`
  SELECT json_build_object('now', extract(epoch FROM clock_timestamp())::float8,
    'at', extract(epoch FROM CAST(${at}::text AS timestamptz))::float8)::text AS moments`

/** The key of the one row of a relation, each part as text. */
export const selectKeyText = (
  relation: Sql,
  parts: readonly { readonly sql: string; readonly type: string }[],
): Sql => sql`
  SELECT json_build_array(${sql.raw(
    parts.map((part) => `(${part.sql})::${part.type}::text`).join(', '),
  )})::text AS key FROM ${relation} AS once_table`

/** The places of the rows of an input that share one key, where there are such. */
export const selectRepeated = (
  relation: Sql,
  parts: readonly { readonly sql: string }[],
  condition: Sql,
  predicate: string | undefined,
): Sql => sql`
  SELECT json_agg(once_ord ORDER BY once_ord)::text AS places FROM ${relation} AS once_table
  WHERE (${condition}) AND (${sql.raw(predicate ?? 'true')})
  GROUP BY ${sql.raw(parts.map((part) => `(${part.sql})`).join(', '))}
  HAVING count(*) > 1 ORDER BY min(once_ord) LIMIT 1`

/** Where `countUpTo` stops. */
export const MOST = 1000

/** How many rows meet a condition, counted up to a thousand. */
export const countUpTo = (table: Table, condition: Sql): Sql => sql`
  SELECT count(*)::text AS rows FROM (
    SELECT FROM ${sql.raw(table.quoted)} AS once_table WHERE ${condition} LIMIT ${MOST}) AS alike`

// Digits and letters in a row become one sign: 08:15-08:45 is 9:9-9:9, structured is a.
const shapeOf = (value: string): string =>
  `regexp_replace(regexp_replace(${value}, '[[:digit:]]+', '9', 'g'), '[[:alpha:]]+', 'a', 'g')`

const SAMPLE = 10_000

/**
 * How a value of a text column stands among up to ten thousand others: the rows read, those with
 * the value, and the commonest shape of the other values with how many of them have it.
 */
export const selectShapes = (table: Table, column: Column, value: string): Sql => sql`
  WITH sample AS MATERIALIZED (
    SELECT ${sql.raw(column.quoted)}::text AS value FROM ${sql.raw(table.quoted)}
    WHERE ${sql.raw(column.quoted)} IS NOT NULL LIMIT ${SAMPLE}),
  shapes AS (
    SELECT ${sql.raw(shapeOf('value'))} AS shape, count(*) AS values, min(value) AS example
    FROM (SELECT DISTINCT value FROM sample WHERE value <> ${value}::text) AS others
    GROUP BY 1 ORDER BY 2 DESC, 1)
  SELECT json_build_object('rows', (SELECT count(*) FROM sample),
    'same', (SELECT count(*) FROM sample WHERE value = ${value}::text),
    'own', ${sql.raw(shapeOf('given'))},
    'others', (SELECT coalesce(sum(values), 0) FROM shapes),
    'common', (SELECT row_to_json(first) FROM (SELECT * FROM shapes LIMIT 1) AS first))::text
    AS shapes
  FROM (SELECT ${value}::text AS given) AS given`

/** The constraint that an INSERT shall skip rows at. */
export interface ConflictTarget {
  readonly name: string
  readonly exclusion: boolean
  readonly predicate: string | undefined
  readonly parts: readonly { readonly sql: string; readonly column: string | null }[]
}

/** The statement that makes an insert skip what stands: the conflict target of a constraint. */
export const skippingInsert = (
  table: string,
  { name, exclusion, predicate, parts }: ConflictTarget,
): string => {
  const items = parts.map(({ sql: item, column }) => (column === null ? `(${item})` : item))
  const where = predicate === undefined ? '' : ` WHERE ${predicate}`
  const target = exclusion
    ? `ON CONSTRAINT ${quoteIdentifier(name)}`
    : `(${items.join(', ')})${where}`
  return `INSERT INTO ${table} … ON CONFLICT ${target} DO NOTHING`
}

/** The statement that drops a constraint, or the index that is none. */
export const dropping = (table: string, schema: string, name: string, index: boolean): string =>
  index
    ? `DROP INDEX CONCURRENTLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)};`
    : `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(name)};`

/** The statement that sets the sequence of a column behind its greatest value. */
export const catchingUp = (table: string, column: string): string =>
  `SELECT setval(pg_get_serial_sequence(${quoteLiteral(table)}, ${quoteLiteral(column)}), ` +
  `(SELECT max(${quoteIdentifier(column)}) FROM ${table}));`

/** The statement that has a column refuse NULL. */
export const requiring = (table: string, column: string): string =>
  `ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(column)} SET NOT NULL;`
