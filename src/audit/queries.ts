import { ROW_VERDICTS } from '../core/verdict.ts'
import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** Who asks for rows, and under which run. */
export interface Audit {
  /** Id of the run, a UUID made by the caller. */
  readonly run: string
  readonly guard: string
  /** Names of the key's parts, in the order of the keys' values. */
  readonly parts: readonly string[]
  readonly policy: string
  readonly reason: string | undefined
  readonly actor: string | undefined
}

const EVENT_KEYS = 1000

const textArray = (items: readonly string[]): Sql =>
  sql.raw(`ARRAY[${items.map(quoteLiteral).join(', ')}]::text[]`)

/**
 * A CTE `grouped` of what stands in the CTE `outcome (ord, verdict, reason, key, met, found_id)`:
 * one
 * line for each verdict, reason and thousand rows, its keys in an array. The same text goes into
 * the event and into the answer.
 *
 * @param more further aggregates over `outcome`, each with its name
 */
export const groupOutcomes = (more: readonly string[] = []): Sql =>
  sql.raw(`
  grouped AS MATERIALIZED (
    SELECT ${[
      'verdict',
      'reason',
      'count(*) AS rows',
      'json_agg(key) AS keys',
      'CASE WHEN bool_or(met) THEN json_agg(found_id) END AS existing',
      ...more,
    ].join(', ')}
    FROM outcome GROUP BY verdict, reason, ord / ${EVENT_KEYS})`)

const counted = (verdict: string): string =>
  `coalesce(sum(rows) FILTER (WHERE verdict = '${verdict}'), 0)`

const added = (verdict: string): string => `${verdict} = known.${verdict} + EXCLUDED.${verdict}`

/** A CTE that records the CTE `grouped` as events, but for verdicts that are none yet. */
export const recordEvents = (
  { run, guard, parts, reason, actor }: Omit<Audit, 'policy'>,
  undecided: readonly string[] = ['raced'],
): Sql => sql`
  event AS (
    INSERT INTO onceover.event (run_id, guard, verdict, reason, actor, parts, keys, existing)
    SELECT ${run}::uuid, ${guard}::text, verdict, coalesce(reason, ${reason ?? null}::text),
      ${actor ?? null}::text, ${textArray(parts)}, keys, existing
    FROM grouped WHERE verdict NOT IN (${sql.raw(undecided.map(quoteLiteral).join(', '))}))`

/** Two CTEs that record the CTE `grouped`: an event for each line, and the totals of the run. */
export const recordGroups = (audit: Audit): Sql => sql`
  ${recordEvents(audit)},
  run AS (
    INSERT INTO onceover.run AS known
      (id, guard, policy, reason, actor, ${sql.raw(ROW_VERDICTS.join(', '))})
    SELECT ${audit.run}::uuid, ${audit.guard}::text, ${audit.policy}::text,
      ${audit.reason ?? null}::text, ${audit.actor ?? null}::text,
      ${sql.raw(ROW_VERDICTS.map(counted).join(', '))}
    FROM grouped
    ON CONFLICT (id) DO UPDATE SET updated_at = clock_timestamp(),
      ${sql.raw(ROW_VERDICTS.map(added).join(', '))})`

/**
 * Records outcomes that no insert statement has recorded: rows refused before it, rows isolated,
 * and the duplicates of a rejected input.
 *
 * @param json array of objects `{ ord, verdict, reason, key, found_id }`
 */
export const recordOutcomes = (audit: Audit, json: string): Sql => sql`
  WITH outcome AS (
    SELECT *, found_id IS NOT NULL AS met FROM json_to_recordset(${json}::text::json)
      AS fields(ord int, verdict text, reason text, key json, found_id json)),
  ${groupOutcomes()}, ${recordGroups(audit)}
  SELECT count(*)::text AS recorded FROM outcome`
