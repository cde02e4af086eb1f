import { quoteIdentifier } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** A table, or one of its partitions however deep. The table itself comes first. */
export const selectBranches = (oid: string): Sql => sql`
  SELECT json_agg(json_build_object('oid', c.oid::int8::text, 'parent', t.parent::int8::text,
    'leaf', t.leaf, 'foreign', c.relkind = 'f', 'schema', n.nspname, 'name', c.relname)
    ORDER BY t.level, c.relname)::text AS described
  FROM (SELECT relid::oid AS relid,
      CASE WHEN level > 0 THEN parentrelid::oid END AS parent, isleaf AS leaf, level
    FROM pg_partition_tree(${oid}::int8::oid::regclass)
    UNION ALL SELECT ${oid}::int8::oid, NULL, true, 0 WHERE NOT EXISTS (
      SELECT FROM pg_partition_tree(${oid}::int8::oid::regclass))) AS t
  JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace`

/** Has PostgreSQL spell out every name of an expression, until the transaction ends. */
export const spellOut: Sql = sql`SELECT set_config('search_path', '', true)`

/**
 * The indexes of tables. The form of one is its definition from USING on, in PostgreSQL's words:
 * equal for equal keys, whatever the names of index and table.
 */
export const selectIndexes = (tables: Sql): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT i.indexrelid::int8::text AS oid, c.relname AS name, i.indrelid::int8::text AS table,
    n.nspname AS schema, i.indisunique AS unique,
    i.indisvalid AND i.indisready AND i.indislive AS valid, c.relispartition AS attached,
    EXISTS (SELECT FROM pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid)
      AS building,
    (SELECT k.conname FROM pg_constraint k
      WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u') LIMIT 1) AS constraint,
    substr(pg_get_indexdef(i.indexrelid), length(format('CREATE %sINDEX %I ON %s%s.%I',
      CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname,
      CASE c.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END, place.schema, t.relname)) + 1) AS form,
    pg_get_expr(i.indpred, i.indrelid) AS predicate
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
  CROSS JOIN LATERAL (SELECT CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp'
    ELSE quote_ident(n.nspname) END AS schema) AS place
  WHERE i.indrelid IN (${tables}) ORDER BY c.relname) AS found`

/** Oids of tables for such a question. */
export const oidsIn = (oids: readonly string[]): Sql => sql`
  SELECT value::int8::oid FROM json_array_elements_text(${JSON.stringify(oids)}::json)`

/** Whether something that is no index of these tables has a name in their schema. */
export const selectTaken = (schema: string, name: string, oids: readonly string[]): Sql => sql`
  SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  WHERE n.nspname = ${schema} AND c.relname = ${name}
    AND (i.indrelid IS NULL OR i.indrelid NOT IN (${oidsIn(oids)}))`

/** An empty copy of a table that lasts as long as the transaction, to try an index on. */
export const copyEmpty = (name: string, quoted: string): Sql =>
  sql.raw(`CREATE TEMPORARY TABLE ${quoteIdentifier(name)} (LIKE ${quoted}) ON COMMIT DROP`)

/** The oids of what has names among these copies. */
export const selectCopies = (names: readonly string[]): Sql => sql`
  SELECT to_regclass(format('pg_temp.%I', name))::oid::int8::text AS oid
  FROM json_array_elements_text(${JSON.stringify(names)}::json) WITH ORDINALITY AS n (name, place)
  ORDER BY place`

/** The items of an index as PostgreSQL's errors name them. */
export const selectLabels = (index: string): Sql => sql`
  SELECT json_agg(pg_get_indexdef(i.indexrelid, place, true) ORDER BY place)::text AS described
  FROM pg_index i, generate_series(1, i.indnkeyatts) AS place
  WHERE i.indexrelid = ${index}::int8::oid`

/** The items of an index: in PostgreSQL's words, how it tells them equal, and their types. */
export const selectItems = (index: string): Sql => sql`
  SELECT json_agg(json_build_object(
    'words', pg_get_indexdef(i.indexrelid, p.place::int, false),
    'equals', (SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname)
      FROM pg_amop m JOIN pg_operator o ON o.oid = m.amopopr
      JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype
        AND m.amoprighttype = c.opcintype AND m.amopstrategy = 3),
    'type', format_type(a.atttypid, NULL)) ORDER BY p.place)::text AS described
  FROM pg_index i CROSS JOIN LATERAL unnest(i.indclass) WITH ORDINALITY AS p(class, place)
  JOIN pg_opclass c ON c.oid = p.class
  JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = p.place
  WHERE i.indexrelid = ${index}::int8::oid`

/** Has PostgreSQL hash NULLs of types, which it refuses where one of them has no hash. */
export const hashNulls = (types: readonly string[]): Sql =>
  sql.raw(
    `SELECT pg_catalog.hash_record_extended(ROW(${types
      .map((type) => `NULL::${type}`)
      .join(', ')}), 0)`,
  )

/** Whether something has a name in a schema. */
export const selectNamed = (schema: string, name: string): Sql => sql`
  SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ${schema} AND c.relname = ${name}`

/** The oid of a table, from the catalogue alone: it answers whatever is locked. */
export const selectOid = (schema: string | null, name: string): Sql => sql`
  SELECT c.oid::int8::text AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ${name} AND c.relkind IN ('r', 'p')
    AND CASE WHEN ${schema}::text IS NULL THEN pg_table_is_visible(c.oid)
        ELSE n.nspname = ${schema} END`
