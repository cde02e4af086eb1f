import { type Sql, sql } from '../postgres/sql.ts'

/** The table of a guard: kind, columns, primary key. No row where it is not visible. */
export const selectTable = (schema: string | null, name: string): Sql => sql`
  SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    row_security_active(c.oid) AS row_security,
    current_setting('server_version_num')::int AS server,
    (SELECT coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'category', t.typcategory,
        'base', coalesce(b.typname, t.typname), 'enum', coalesce(b.typtype, t.typtype) = 'e',
        'notNull', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated <> '',
        'plainType', format_type(coalesce(b.oid, t.oid),
          CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END),
        'default', coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault),
        'sequence', CASE WHEN a.attidentity <> ''
          THEN pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) END,
        'deterministic', coalesce(l.collisdeterministic, true)) ORDER BY a.attnum), '[]')
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd'
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_agg(a.attname ORDER BY k.place), '[]')
      FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place), pg_attribute a
      WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts
        AND a.attrelid = c.oid AND a.attnum = k.attnum) AS primary_key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ${name} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN ${schema}::text IS NULL THEN pg_table_is_visible(c.oid)
        ELSE n.nspname = ${schema} END`

/** The unique indexes of a table, each with its key, its predicate and its flags. */
export const selectUniqueIndexes = (oid: string): Sql => sql`
  SELECT c.relname AS name, i.indisprimary AS primary, i.indisvalid AND i.indisready AS valid,
    i.indimmediate AS immediate, i.indnullsnotdistinct AS nulls_not_distinct,
    pg_get_indexdef(i.indexrelid) AS definition, pg_get_expr(i.indpred, i.indrelid) AS predicate,
    k.conname AS constraint,
    (SELECT json_agg(json_build_object('column', a.attname,
        'sql', pg_get_indexdef(i.indexrelid, p.place::int, true)) ORDER BY p.place)
      FROM unnest(i.indkey) WITH ORDINALITY AS p(attnum, place)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND p.attnum > 0
      WHERE p.place <= i.indnkeyatts) AS parts
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
  WHERE i.indrelid = ${oid}::int8::oid AND i.indisunique
  ORDER BY c.relname`

/** Has PostgreSQL check the expressions of a key: that each is valid and has equality. */
export const explainKey = (table: string, expressions: readonly string[]): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} GROUP BY ${expressions.join(', ')}`)

/** Has PostgreSQL check a predicate over a table; reads no row. */
export const explainPredicate = (table: string, predicate: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} WHERE (${predicate})`)

/** Has PostgreSQL check an order over a table; reads no row. */
export const explainOrder = (table: string, order: readonly string[]): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table} ORDER BY ${order.join(', ')}`)

/** Asks PostgreSQL which unique indexes it would use for ON CONFLICT on a key; inserts nothing. */
export const explainArbiters = (table: string, key: readonly string[], where: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) INSERT INTO ${table} DEFAULT VALUES
    ON CONFLICT (${key.join(', ')}) ${where && `WHERE ${where}`} DO NOTHING`)
