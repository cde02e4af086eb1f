import { type Sql, sql } from '../../postgres/sql.ts'

/**
 * What stands on tables that a repair writes to: row triggers and rules of the user's own, whether
 * deletes are published and a row can be named to a subscriber, and whether row security applies.
 */
export const selectHazards = (oids: readonly string[]): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT c.oid::int8::text AS oid, format('%I.%I', n.nspname, c.relname) AS quoted,
    c.relkind AS kind, row_security_active(c.oid) AS row_security,
    (SELECT coalesce(json_agg(json_build_object('name', t.tgname,
        'before', t.tgtype & 2 <> 0, 'deletes', t.tgtype & 8 <> 0, 'updates', t.tgtype & 16 <> 0)
        ORDER BY t.tgname), '[]')
      FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
        AND t.tgtype & 24 <> 0) AS triggers,
    (SELECT coalesce(json_agg(r.rulename), '[]') FROM pg_rewrite r
      WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '4')) AS rules,
    EXISTS (SELECT FROM pg_publication p WHERE (p.pubdelete OR p.pubupdate) AND (p.puballtables
      OR EXISTS (SELECT FROM pg_publication_tables x WHERE x.pubname = p.pubname
        AND x.schemaname = n.nspname AND x.tablename = c.relname))) AS published,
    CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false
      WHEN 'i' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
      ELSE EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) END
      AS identified,
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE') AS may_delete,
    has_table_privilege(c.oid, 'SELECT') AND has_any_column_privilege(c.oid, 'UPDATE') AS may_update
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = ANY (${oids}::int8[]::oid[])) AS found`

/** Rows and bytes of a table as the statistics have them, and how many indexes it has. */
export const selectSize = (oid: string): Sql => sql`
  SELECT greatest(c.reltuples, 0)::int8::text AS rows, pg_table_size(c.oid)::text AS bytes,
    (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid)::text AS indexes
  FROM pg_class c WHERE c.oid = ${oid}::int8::oid`

/** The foreign keys to tables that let go of a row, unasked, where its key changes. */
export const selectSetOnUpdate = (oids: readonly string[]): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT k.confrelid::int8::text AS oid, k.conname AS constraint,
    format('%I.%I', n.nspname, c.relname) AS quoted,
    (SELECT json_agg(a.attname) FROM unnest(k.confkey) AS p(n)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.n) AS references
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.confrelid = ANY (${oids}::int8[]::oid[]) AND k.contype = 'f' AND k.conparentid = 0
    AND k.confupdtype IN ('n', 'd')) AS found`

/** The foreign keys that point to a partition of a table by itself, not to all of the table. */
export const selectToPartitions = (oids: readonly string[]): Sql => sql`
  SELECT row_to_json(found)::text AS described FROM (
  SELECT k.conname AS constraint, format('%I.%I', n.nspname, c.relname) AS quoted,
    format('%I.%I', pn.nspname, p.relname) AS partition
  FROM unnest(${oids}::int8[]::oid[]) AS own(oid)
  CROSS JOIN LATERAL pg_partition_tree(own.oid::regclass) AS part
  JOIN pg_constraint k ON k.confrelid = part.relid AND k.contype = 'f' AND k.conparentid = 0
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class p ON p.oid = part.relid JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE part.relid <> own.oid ORDER BY n.nspname, c.relname, k.conname) AS found`
