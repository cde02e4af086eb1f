import { type Sql, sql } from '../../postgres/sql.ts'

/**
 * The foreign keys that point to a table, those of partitions left out where their parent has them.
 * An index serves one where it begins with its columns, in any order, and leaves no row out.
 */
export const selectReferences = (oid: string): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT k.conname AS constraint, format('%I.%I', n.nspname, c.relname) AS quoted,
    c.relkind AS kind, k.confdeltype AS on_delete,
    (SELECT json_agg(a.attname ORDER BY p.place)
      FROM unnest(k.conkey) WITH ORDINALITY AS p(n, place)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.n) AS columns,
    (SELECT json_agg(a.attname ORDER BY p.place)
      FROM unnest(k.confkey) WITH ORDINALITY AS p(n, place)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.n) AS references,
    (SELECT json_agg(a.attname) FROM unnest(k.confdelsetcols) AS p(n)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.n) AS set_columns
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.confrelid = ${oid}::int8::oid AND k.contype = 'f' AND k.conparentid = 0
  ORDER BY n.nspname, c.relname, k.conname) AS found`

/** Whether an index without a predicate begins with these columns of a table, in any order. */
export const selectServed = (oid: string, columns: readonly string[]): Sql => sql`
  SELECT EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = ${oid}::int8::oid AND i.indisvalid AND i.indpred IS NULL
      AND (SELECT count(*) FROM unnest(i.indkey) WITH ORDINALITY AS p(n, place)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.n
           WHERE p.place <= ${columns.length}::int AND a.attname = ANY (${columns}::text[]))
          = ${columns.length}::int) AS served`
