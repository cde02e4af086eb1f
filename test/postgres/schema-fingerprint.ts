import type pg from 'pg'

const SELECT_OBJECTS = `
  SELECT 'relation' AS kind, c.relname::text AS name, c.relkind::text AS facts
  FROM pg_class c WHERE c.relnamespace = to_regnamespace('onceover')
  UNION ALL
  SELECT 'column', c.relname || '.' || a.attname,
         format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || a.attidentity::text
           || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = to_regnamespace('onceover') AND c.relkind IN ('r', 'p')
  UNION ALL
  SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'onceover'
  UNION ALL
  SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = to_regnamespace('onceover')
  UNION ALL
  SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
  WHERE pronamespace = to_regnamespace('onceover')
  UNION ALL
  SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = to_regnamespace('onceover') AND NOT t.tgisinternal
  UNION ALL
  SELECT 'comment', c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c
  WHERE c.relnamespace = to_regnamespace('onceover')
    AND obj_description(c.oid, 'pg_class') IS NOT NULL
  ORDER BY 1, 2, 3`

/** The schema `onceover` as text: its objects, their definitions, the migrations recorded. */
export async function fingerprint(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(SELECT_OBJECTS)
  const recorded = rows.some(({ kind, name }) => kind === 'relation' && name === 'migration')
  const migrations = recorded
    ? await pool.query('SELECT version, name, checksum FROM onceover.migration ORDER BY version')
    : { rows: [] }
  return JSON.stringify([rows, migrations.rows], null, 1)
}
