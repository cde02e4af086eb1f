import { indexKey } from '../../guards/coverage.ts'
import type { Inspection } from '../../guards/inspect.ts'
import { columnsNamed } from '../../guards/table.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Form } from '../form.ts'
import { gateNames } from '../names.ts'

/** How the body of every gate begins: by this it is known for one of ours. */
export const GATE_MARK = ' -- A gate of Onceover: it may be dropped while nobody enforces.'

const items = (of: (at: number) => string, count: number): string =>
  Array.from({ length: count }, (_, at) => of(at)).join(', ')

const equalTo = ({ form, nulls }: { form: Form; nulls: boolean }): string =>
  form.items
    .map(({ words, equals }, at) => {
      const same = `${words} ${equals} once_key.k${at}`
      return nulls ? `(${same} OR ${words} IS NULL AND once_key.k${at} IS NULL)` : same
    })
    .join('\n        AND ')

const lockNumber = ({ items: all, hashable }: Form, oid: string): string =>
  hashable
    ? `hash_record_extended(ROW(${items((at) => `once_key.k${at}`, all.length)}), ${oid})`
    : `hashtextextended(format('${all.map(() => '%L').join(' ')}', ` +
      `${items((at) => `once_key.k${at}`, all.length)}) COLLATE "C", ${oid})`

// As PostgreSQL itself would say it: "Key (day, room)=(2025-10-23, 1) already exists."
const detail = ({ items: all }: Form): string => {
  const labels = quoteLiteral(`Key (${all.map(({ label }) => label).join(', ')})=(`)
  const values = items(
    (at) =>
      `CASE num_nulls(once_key.k${at}) WHEN 1 THEN 'null' ` +
      `ELSE format('%s', once_key.k${at}) END`,
    all.length,
  )
  return `concat(${labels}, concat_ws(', ', ${values}), ') already exists.')`
}

const body = (inspection: Inspection, form: Form): string => {
  const { guard, table, parts } = inspection
  const nulls = parts.some(({ part }) => part.nulls === 'equal')
  const where = form.predicate === null ? '' : ` WHERE (${form.predicate})`
  const ids = table.primaryKey.map(({ quoted }) => quoted)
  const own = items((at) => `once_key.p${at}`, ids.length)
  const values = [
    ...form.items.map(({ words }, at) => `${words} AS k${at}`),
    ...ids.map((id, at) => `${id} AS p${at}`),
  ]
  const skipped = nulls
    ? ''
    : `\n  IF num_nulls(${items((at) => `once_key.k${at}`, form.items.length)}) > 0 THEN
    RETURN NULL;
  END IF;`
  const key = `duplicate key value violates unique constraint "${guard.index}"`
  // A lock for each key: a transaction of many rows keeps to its share of the lock table.
  return `${GATE_MARK}
#variable_conflict use_column
DECLARE
  once_key record;
  once_locks int := coalesce(nullif(current_setting('onceover.gate_locks', true), ''), '0')::int;
BEGIN
  SELECT ${values.join(', ')} INTO once_key FROM (SELECT NEW.*) AS once_row${where};
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;${skipped}
  IF once_locks < current_setting('max_locks_per_transaction')::int THEN
    PERFORM pg_advisory_xact_lock(${lockNumber(form, table.oid)});
    PERFORM set_config('onceover.gate_locks', (once_locks + 1)::text, true);
  END IF;
  IF EXISTS (SELECT FROM ${table.quoted} AS once_other
      WHERE ${form.predicate === null ? '' : `(${form.predicate}) AND `}${equalTo({ form, nulls })}
        AND record_image_ne(ROW(${ids.join(', ')}), ROW(${own}))) THEN
    RAISE unique_violation USING MESSAGE = ${quoteLiteral(key)},
      DETAIL = ${detail(form)},
      CONSTRAINT = ${quoteLiteral(guard.index)}, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
  END IF;
  RETURN NULL;
END `
}

const dollars = (text: string): string => {
  let tag = '$gate$'
  for (let n = 1; text.includes(tag); n++) tag = `$gate${n}$`
  return `${tag}${text}${tag}`
}

// Without statistics of the key the planner would read the whole table for every row.
const head = (name: string): string =>
  `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS `

const functionName = ({ guard, table }: Inspection): string =>
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(gateNames(guard).function)}`

/**
 * The function of a gate, as its DDL. It runs as whoever enforces: writers need no leave to read
 * the table. Every name in it is spelled out, so that no search path can put another in its place.
 */
export const gateFunctionDdl = (inspection: Inspection, form: Form): string =>
  head(functionName(inspection)) + dollars(body(inspection, form))

/** Has nobody else put the function on a table of theirs. */
export const closeGateFunctionDdl = (inspection: Inspection): string =>
  `REVOKE ALL ON FUNCTION ${functionName(inspection)}() FROM PUBLIC`

/** Gives the function to the owner of the table, so that it does not run as a superuser. */
export const giveGateFunctionDdl = (inspection: Inspection, owner: string): string =>
  `ALTER FUNCTION ${functionName(inspection)}() OWNER TO ${owner}`

/** Opens a gate whose triggers cannot be dropped yet: nobody is stopped by it any more. */
export const openGateDdl = (inspection: Inspection): string =>
  head(functionName(inspection)) + dollars(`${GATE_MARK}\nBEGIN RETURN NULL; END `)

/**
 * The triggers of a gate, as their DDL. They come after the row: what other triggers made of it and
 * what is generated has its last value then. An update counts that changes the bytes of a column of
 * the key or of `where`, which needs no equality of its type.
 */
export const gateTriggersDdl = (inspection: Inspection): readonly string[] => {
  const { guard, table, parts, copies } = inspection
  const names = gateNames(guard)
  const columns = new Set([
    ...parts.flatMap((part) => part.columns),
    ...(copies ? [copies] : []),
    ...columnsNamed(table, guard.where ?? ''),
    ...columnsNamed(table, indexKey(guard, table, parts).join(' ')),
  ])
  const row = (of: string) => `ROW(${[...columns].map(({ quoted }) => `${of}.${quoted}`)})`
  const trigger = (name: string, event: string, when: string) =>
    `CREATE OR REPLACE TRIGGER ${quoteIdentifier(name)} AFTER ${event} ON ${table.quoted} ` +
    `FOR EACH ROW ${when}EXECUTE FUNCTION ${functionName(inspection)}()`
  const changed = `WHEN (pg_catalog.record_image_ne(${row('OLD')}, ${row('NEW')})) `
  return [trigger(names.insert, 'INSERT', ''), trigger(names.update, 'UPDATE', changed)]
}

/** Whether the DDL is of a trigger, which needs a lock on the table. */
export const makesTrigger = (ddl: string): boolean => /^CREATE OR REPLACE TRIGGER/.test(ddl)

/** Takes a gate away. */
export const dropGateDdl = (inspection: Inspection): readonly string[] => {
  const { guard, table } = inspection
  const { insert, update } = gateNames(guard)
  const trigger = (name: string) =>
    `DROP TRIGGER IF EXISTS ${quoteIdentifier(name)} ON ${table.quoted}`
  return [trigger(insert), trigger(update), `DROP FUNCTION IF EXISTS ${functionName(inspection)}()`]
}

/**
 * The body of the function that has the name of a guard's gate, and whether triggers of other
 * tables call it. No row where there is none.
 */
export const selectGateFunction = ({
  guard,
  table,
}: Pick<Inspection, 'guard' | 'table'>): Sql => sql`
  SELECT p.prosrc AS body, EXISTS (SELECT FROM pg_trigger t
      WHERE t.tgfoid = p.oid AND t.tgrelid <> ${table.oid}::int8::oid
        AND t.tgrelid NOT IN (SELECT relid::oid FROM pg_partition_tree(${table.oid}::int8::oid)))
      AS elsewhere
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = ${table.schema} AND p.proname = ${gateNames(guard).function}
    AND p.pronargs = 0`

/**
 * The owner of a table, quoted, where the gate must become his: a superuser enforces, and
 * row-level security does not bind the owner.
 */
export const selectOwnerToGive = ({ table }: Inspection): Sql => sql`
  SELECT quote_ident(pg_get_userbyid(c.relowner)) AS owner FROM pg_class c
  WHERE c.oid = ${table.oid}::int8::oid AND c.relowner <> current_user::regrole
    AND NOT c.relforcerowsecurity
    AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    AND has_schema_privilege(c.relowner, c.relnamespace, 'CREATE, USAGE')`
