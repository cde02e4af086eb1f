import { type Sql, sql } from '../../postgres/sql.ts'

/** A guard as the ledger keeps it. */
export interface Registered {
  readonly name: string
  readonly table: string
  /** JSON of its key and `where`. */
  readonly key: string
}

/**
 * Writes a guard down where it is new, and answers with what the ledger has of it: the key it was
 * first seen with, whether it has claims, and the names of guards with claims that are the same but
 * for their name, where this one has none.
 */
export const registerGuard = ({ name, table, key }: Registered): Sql => sql`
  WITH added AS (
    INSERT INTO onceover.guard (name, table_name, key)
    VALUES (${name}::text, ${table}::text, ${key}::text::json) ON CONFLICT DO NOTHING),
  claims AS (SELECT EXISTS (SELECT FROM onceover.claim WHERE guard = ${name}::text) AS any)
  SELECT (SELECT key::text FROM onceover.guard WHERE name = ${name}::text) AS key,
    claims.any::text AS claims,
    (SELECT json_agg(other.name)::text FROM onceover.guard AS other
      WHERE NOT claims.any AND other.name <> ${name}::text AND other.table_name = ${table}::text
        AND other.key::text = ${key}::text
        AND EXISTS (SELECT FROM onceover.claim WHERE claim.guard = other.name)) AS namesakes
  FROM claims`

/** Writes the key of a guard down anew, that has no claims yet or the same key in other words. */
export const updateGuard = ({ name, table, key }: Registered): Sql => sql`
  UPDATE onceover.guard
  SET table_name = ${table}::text, key = ${key}::text::json, seen_at = clock_timestamp()
  WHERE name = ${name}::text`

/** The key that a guard was registered with, if it was. */
export const selectGuard = (name: string): Sql =>
  sql`SELECT key::text AS key FROM onceover.guard WHERE name = ${name}::text FOR UPDATE`

/** Gives the claims, steps and runs of a guard another name; its events keep what was said. */
export const renameGuard = (from: string, { name, table, key }: Registered): Sql => sql`
  WITH claims AS (
    UPDATE onceover.claim SET guard = ${name}::text WHERE guard = ${from}::text RETURNING 1),
  steps AS (UPDATE onceover.step SET guard = ${name}::text WHERE guard = ${from}::text),
  runs AS (UPDATE onceover.run SET guard = ${name}::text WHERE guard = ${from}::text),
  gone AS (DELETE FROM onceover.guard WHERE name = ${from}::text AND name <> ${name}::text),
  known AS (
    INSERT INTO onceover.guard (name, table_name, key)
    VALUES (${name}::text, ${table}::text, ${key}::text::json) ON CONFLICT DO NOTHING)
  SELECT count(*)::text AS claims FROM claims`
