import { type Sql, sql } from '../postgres/sql.ts'

/**
 * The table of a guard: kind, columns, primary key. No row where it is not visible. A column of a
 * domain has the type underneath, however deep; one whose NOT NULL was never validated may be NULL.
 */
export const selectTable = (schema: string | null, name: string): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    row_security_active(c.oid) AS row_security,
    row_security_active(c.oid) AND NOT current_setting('row_security')::bool AS row_security_off,
    pg_get_partkeydef(c.oid) AS partition_key,
    getdatabaseencoding() = 'UTF8' AS unicode,
    EXISTS (SELECT FROM pg_inherits h JOIN pg_class k ON k.oid = h.inhrelid
      WHERE h.inhparent = c.oid AND c.relkind = 'r'
        AND k.relnamespace IS DISTINCT FROM to_regnamespace('_timescaledb_internal')) AS inherited,
    (SELECT coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'category', t.typcategory,
        'base', b.typname, 'plainType', format_type(b.oid, b.modifier), 'enum', b.typtype = 'e',
        'notNull', b.not_null OR a.attnotnull AND NOT EXISTS (
          SELECT FROM pg_constraint v WHERE v.conrelid = c.oid AND v.contype = 'n'
            AND NOT v.convalidated AND a.attnum = ANY (v.conkey)),
        'identity', a.attidentity,
        'generated', a.attgenerated,
        'default', coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault),
        'sequence', CASE WHEN a.attidentity <> ''
          THEN pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) END)
        ORDER BY a.attnum), '[]')
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      CROSS JOIN LATERAL (
        WITH RECURSIVE under AS (
          SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typtypmod,
            a.atttypmod AS modifier, t.typnotnull AS not_null
          UNION ALL
          SELECT v.oid, v.typname, v.typtype, v.typbasetype, v.typtypmod,
            u.typtypmod, u.not_null OR v.typnotnull
          FROM under u JOIN pg_type v ON v.oid = u.typbasetype WHERE u.typtype = 'd')
        SELECT * FROM under WHERE typtype <> 'd') AS b
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_agg(a.attname ORDER BY k.place), '[]')
      FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place), pg_attribute a
      WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts
        AND a.attrelid = c.oid AND a.attnum = k.attnum) AS primary_key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ${name} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN ${schema}::text IS NULL THEN pg_table_is_visible(c.oid)
        ELSE n.nspname = ${schema} END) AS found`

/** Tables of the same name in other schemas or in other capitals, quoted where they need it. */
export const selectNamesakes = (name: string): Sql => sql`
  SELECT format('%I.%I', n.nspname, c.relname) AS quoted
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE lower(c.relname) = lower(${name}::text) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname !~ '^pg_(toast|temp)' AND n.nspname <> 'information_schema'
  ORDER BY 1 LIMIT 5`

/**
 * The unique indexes of a table, each with its key, its predicate and its flags. A part of a key
 * names its collation where that tells texts apart in another way than the column does. An index
 * of a partitioned table is valid where those of all partitions are.
 */
export const selectUniqueIndexes = (oid: string): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted,
    c.relkind = 'I' AS partitioned, i.indimmediate AS immediate, i.indisready AS ready,
    i.indnullsnotdistinct AS nulls_not_distinct,
    i.indisvalid AND i.indisready AND i.indislive AND NOT EXISTS (
      SELECT FROM pg_partition_tree(i.indexrelid) t JOIN pg_index part ON part.indexrelid = t.relid
      WHERE c.relkind = 'I' AND NOT (part.indisvalid AND part.indisready)) AS valid,
    EXISTS (SELECT FROM pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid)
      AS building,
    pg_get_indexdef(i.indexrelid) AS definition, pg_get_expr(i.indpred, i.indrelid) AS predicate,
    k.conname AS constraint,
    (SELECT json_agg(json_build_object('column', a.attname,
        'sql', pg_get_indexdef(i.indexrelid, p.place::int, true),
        'collation', CASE WHEN own.oid <> theirs.oid
          AND NOT (own.collisdeterministic AND theirs.collisdeterministic) THEN own.collname END,
        'deterministic', own.collisdeterministic) ORDER BY p.place)
      FROM unnest(i.indkey) WITH ORDINALITY AS p(attnum, place)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND p.attnum > 0
      LEFT JOIN pg_collation own ON own.oid = i.indcollation[p.place - 1]
      LEFT JOIN pg_collation theirs ON theirs.oid = a.attcollation
      WHERE p.place <= i.indnkeyatts) AS parts
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
  WHERE i.indrelid = ${oid}::int8::oid AND i.indisunique AND NOT i.indisexclusion
  ORDER BY c.relname) AS found`

/**
 * The types of expressions over a table, by name, and that each is one value of one row. None is
 * computed: the row that answers has none of the table's.
 */
export const selectTypes = (table: string, expressions: readonly string[]): Sql => {
  const names = expressions.map((_, index) => `k${index}`)
  const values = expressions.map((each, index) => `${each} AS k${index}`)
  // Only a WHERE refuses aggregates, window functions and sets alike.
  const scalar = expressions.map((each) => `${each} IS NULL`)
  const types = names.map((each) => `(SELECT typname FROM pg_type WHERE oid = pg_typeof(${each}))`)
  return sql.raw(`SELECT to_json(ARRAY[${types.join(', ')}])::text AS types
    FROM (SELECT 1) AS one LEFT JOIN
      (SELECT ${values.join(', ')} FROM ${table} WHERE false AND (${scalar.join(' OR ')})) AS none
      ON true`)
}

/** Has PostgreSQL check that the expressions of a key have equality and order; reads no row. */
export const explainKey = (table: string, expressions: readonly string[]): Sql => {
  const places = expressions.map((_, index) => index + 1).join(', ')
  return sql.raw(`EXPLAIN (FORMAT JSON) SELECT ${expressions.join(', ')} FROM ${table}
    GROUP BY ${places} ORDER BY ${places}`)
}

/**
 * Has PostgreSQL plan a test of an expression. It tests the result of a subquery, and not the
 * expression itself, where that is volatile.
 */
export const explainVolatile = (table: string, expression: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON)
    SELECT 1 FROM (SELECT (${expression}) AS k FROM ${table}) AS computed WHERE k IS NOT NULL`)

/** Has PostgreSQL check a predicate over a table; reads no row. */
export const explainPredicate = (table: string, predicate: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} AS once_row WHERE (${predicate})`)

/** Has PostgreSQL check that an expression over a table is one range; reads no row. */
export const explainRange = (table: string, expression: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} AS once_row
    WHERE range_merge((${expression}), (${expression})) IS NULL`)

/** Has PostgreSQL check an order over a table; reads no row. */
export const explainOrder = (table: string, order: readonly string[]): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} ORDER BY ${order.join(', ')}`)

/**
 * Has PostgreSQL write expressions in its own words, as the output of a plan that reads no row: two
 * spellings of one expression become one.
 */
export const explainWords = (table: string, expressions: readonly string[]): Sql => {
  const items = expressions.map((each) => `(${each})`).join(', ')
  return sql.raw(`EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT ${items} FROM ${table}
    WHERE false`)
}

/** Has PostgreSQL prove from contradictions what can be proved, until the transaction ends. */
export const proveContradictions = (): Sql => sql.raw('SET LOCAL constraint_exclusion = on')

/**
 * Has PostgreSQL plan a contradiction about an expression. It sees through it, and plans no scan,
 * where the expression is immutable.
 */
export const explainContradiction = (table: string, expression: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table}
    WHERE (${expression}) IS NULL AND (${expression}) IS NOT NULL`)

/** Asks PostgreSQL which unique indexes it would use for ON CONFLICT on a key; inserts nothing. */
export const explainArbiters = (table: string, key: readonly string[], where: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) INSERT INTO ${table} DEFAULT VALUES
    ON CONFLICT (${key.join(', ')}) ${where && `WHERE ${where}`} DO NOTHING`)
