import { type Sql, sql } from '../../postgres/sql.ts'

/**
 * The tables that could be guarded: ordinary and partitioned ones that belong to nobody else, such
 * as an extension. `readable` says whether this role may read them.
 */
export const selectTables = (schema: string | null): Sql => sql`
  SELECT json_build_object('schema', n.nspname, 'name', c.relname,
    'visible', pg_table_is_visible(c.oid),
    'readable', has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  )::text AS described
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'onceover')
    AND (${schema}::text IS NULL OR n.nspname = ${schema})
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
      AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname`

/**
 * Ends a statement, or its wait for a lock, after `ms`; until the transaction ends. A stricter
 * limit of the role or the database stays.
 */
export const limitStatements = (ms: number): Sql => sql`
  SELECT set_config(name, least(nullif(setting::int, 0), ${ms}::int)::text, true)
  FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout')`

/**
 * What the catalogue and its statistics know of a table: its size, the columns as SQL writes them
 * with what is known of their values, the tables it refers to, and those that refer to it. `values`
 * are the labels of an enum, `checks` the constraints on one column alone. -1 rows: not analysed.
 */
export const selectFacts = (oid: string): Sql => sql`
  SELECT json_build_object(
    'rows', (SELECT CASE WHEN bool_and(r.reltuples < 0) THEN -1
        ELSE sum(greatest(r.reltuples, 0)) END
      FROM pg_class r WHERE r.oid = c.oid AND r.relkind = 'r'
        OR r.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND relid <> c.oid)),
    'bytes', (SELECT sum(pg_relation_size(r.oid)) FROM pg_class r WHERE r.oid = c.oid
        OR r.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf)),
    'columns', (SELECT coalesce(json_agg(json_build_object('name', a.attname,
        'sql', quote_ident(a.attname),
        'values', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
          FROM pg_enum e WHERE e.enumtypid = a.atttypid),
        'checks', (SELECT json_agg(pg_get_constraintdef(k.oid)) FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]),
        'nullShare', s.null_frac, 'distinct', s.n_distinct)), '[]')
      FROM pg_attribute a
      LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
        AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'references', (SELECT coalesce(json_agg(json_build_object(
        'columns', (SELECT json_agg(a.attname ORDER BY f.place)
          FROM unnest(k.conkey) WITH ORDINALITY AS f(attnum, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.attnum),
        'target', k.confrelid::int8::text, 'name', t.relname,
        'onward', (SELECT coalesce(json_agg(json_build_object(
            'target', o.confrelid::int8::text, 'notNull', a.attnotnull)), '[]')
          FROM pg_constraint o JOIN pg_attribute a
            ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]
          WHERE o.conrelid = k.confrelid AND o.contype = 'f' AND cardinality(o.conkey) = 1
        )) ORDER BY k.conkey), '[]')
      FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid
      WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0),
    'children', (SELECT coalesce(json_agg(json_build_object('schema', cn.nspname,
        'name', ch.relname, 'visible', pg_table_is_visible(ch.oid),
        'columns', (SELECT json_agg(a.attname ORDER BY f.place)
          FROM unnest(k.conkey) WITH ORDINALITY AS f(attnum, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = f.attnum),
        'primary', k.confkey = (SELECT array_agg(p.attnum ORDER BY p.place) FROM pg_index i,
            unnest(i.indkey) WITH ORDINALITY AS p(attnum, place)
          WHERE i.indrelid = c.oid AND i.indisprimary AND p.place <= i.indnkeyatts))
        ORDER BY cn.nspname, ch.relname, k.conkey), '[]')
      FROM pg_constraint k JOIN pg_class ch ON ch.oid = k.conrelid
      JOIN pg_namespace cn ON cn.oid = ch.relnamespace
      WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0
        AND NOT ch.relispartition)
  )::text AS described
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid}::int8::oid`

/** A table in FROM: whole, or a percentage of its pages, the same ones each time. */
export const rowsOf = (quoted: string, percent: number): string =>
  percent >= 100 ? quoted : `${quoted} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`

/** How many distinct values of a state column are read: more make no list of states. */
export const MOST_STATES = 16

/**
 * Counts rows, and those with a value in each of some columns; lists the values of others.
 *
 * @param from the table, from `rowsOf`
 * @param optional quoted columns that may be NULL
 * @param states quoted columns whose distinct values are asked for
 */
export const selectProfile = (
  from: string,
  optional: readonly string[],
  states: readonly string[],
): Sql => {
  const present = optional.map((each) => `count(${each})`)
  const values = states.map(
    (each) => `(SELECT json_agg(v ORDER BY v) FROM (SELECT DISTINCT ${each}::text AS v FROM ${from}
      WHERE ${each} IS NOT NULL LIMIT ${MOST_STATES}) AS once_states)`,
  )
  return sql.raw(`SELECT json_build_object('rows', count(*),
    'present', to_json(ARRAY[${present.join(', ')}]::bigint[]),
    'states', json_build_array(${values.join(', ')}))::text AS described FROM ${from}`)
}

// A page of a table or a partition, as one number.
const PAGE = '(tableoid::int8 << 32) + (ctid::text::point)[0]::int8'

/**
 * Counts the rows that a key binds, its keys, and those of them that repeat: of the latter also, in
 * `apart`, the two whose rows stand on different pages. Rows without a part are not bound.
 *
 * @param from the table, from `rowsOf`
 * @param key expressions of the key
 * @param where conditions of the rows that the key binds
 * @param paged false where nobody asks for the pages: they cost time
 */
export const countKeys = (
  from: string,
  key: readonly string[],
  where: readonly string[],
  paged: boolean,
): Sql => {
  const names = key.map((_, at) => `once_k${at}`)
  const parts = key.map((each, at) => `${each} AS once_k${at}`).join(', ')
  const rows = where.length > 0 ? `WHERE ${where.map((each) => `(${each})`).join(' AND ')}` : ''
  return sql.raw(`SELECT json_build_object('rows', coalesce(sum(n), 0), 'keys', count(*),
      'groups', count(*) FILTER (WHERE n > 1),
      'apart', count(*) FILTER (WHERE n = 2 AND apart))::text AS described
    FROM (SELECT count(*) AS n, ${paged ? 'min(once_page) < max(once_page)' : 'false'} AS apart
      FROM (SELECT ${parts}${paged ? `, ${PAGE} AS once_page` : ''} FROM ${from} ${rows})
        AS once_rows
      WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')}
      GROUP BY ${names.join(', ')}) AS once_keys`)
}
