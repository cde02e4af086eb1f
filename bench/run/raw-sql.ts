import type { Ledger } from './ledger.ts'
import { KEY } from './table.ts'

const KEYS = KEY.join(', ')

const PARTS = `ARRAY[${KEY.map((name) => `'${name}'`).join(', ')}]`

const GIVEN = (first: number): string =>
  `unnest($${first}::uuid[], $${first + 1}::date[]) AS given(${KEYS})`

// The same bytes as Onceover's, written by hand for this one key.
const HASH = 'sha256(int4send(16) || uuid_send(student_id) || int4send(4) || date_send(week))'

/** Opens a run: its id, the guard, the lease. */
export const openRun = ({ run }: Ledger): string => `
  INSERT INTO ${run} (id, guard, policy, state, lease_id) VALUES ($1, $2, 'skip', 'running', $3)`

/** Ends a run: its id, and how many units it made or skipped. */
export const finishRun = ({ run }: Ledger): string => `
  UPDATE ${run} SET state = 'done', created = $2, skipped = $3, finished_at = clock_timestamp(),
    updated_at = clock_timestamp()
  WHERE id = $1`

/**
 * Claims a chunk, in the order of the hashes, as one writes who has seen two claimers deadlock:
 * guard, lease, grant, run, keys, and the units as JSON. Answers with the hashes that it won.
 */
export const claimChunk = ({ claim }: Ledger): string => `
  INSERT INTO ${claim} (guard, key_hash, key, state, lease_id, grant_id, fence, attempt, generation,
    origin, replaces, run_id, unit, claimed_at)
  SELECT $1, ${HASH}, jsonb_build_array(${KEYS}), 'claimed', $2::uuid, $3::uuid, 1, 1, 1,
    'new', false, $4::uuid, unit, statement_timestamp()
  FROM unnest($5::uuid[], $6::date[], $7::json[]) AS given(${KEYS}, unit)
  ORDER BY 2
  ON CONFLICT (guard, key_hash) DO NOTHING
  RETURNING key_hash`

/**
 * Ends what is still held of a chunk, and writes its event: guard, lease, run, hashes. Answers with
 * how many there were.
 */
export const endChunk = ({ claim, event }: Ledger): string => `
  WITH ended AS (
    UPDATE ${claim} SET state = 'done', lease_id = NULL, done_lease_id = $2::uuid, unit = NULL,
      ended_at = clock_timestamp()
    WHERE guard = $1 AND key_hash = ANY($4::bytea[]) AND lease_id = $2::uuid AND state = 'claimed'
    RETURNING key),
  event AS (
    INSERT INTO ${event} (run_id, guard, verdict, parts, keys)
    SELECT $3::uuid, $1, 'created', ${PARTS}, json_agg(key) FROM ended HAVING count(*) > 0)
  SELECT count(*)::int AS ended FROM ended`

/** The keys of a chunk that have no row. */
export const antiJoin = (table: string): string => `
  SELECT ${KEYS} FROM ${GIVEN(1)}
  WHERE NOT EXISTS (SELECT FROM ${table} AS standing
    WHERE ${KEY.map((name) => `standing.${name} = given.${name}`).join(' AND ')})`

/** The keys of a chunk that have no row; those that have one are recorded, with its id. */
export const recordedAntiJoin = (table: string, { event }: Ledger): string => `
  WITH met AS MATERIALIZED (
    SELECT given.*, id FROM ${GIVEN(3)}
      LEFT JOIN (SELECT id, ${KEYS} FROM ${table}) AS standing USING (${KEYS})),
  event AS (
    INSERT INTO ${event} (run_id, guard, verdict, reason, parts, keys, existing)
    SELECT $1::uuid, $2, 'skipped', 'exists', ${PARTS}, json_agg(json_build_array(${KEYS})),
      json_agg(json_build_object('id', id::text))
    FROM met WHERE id IS NOT NULL HAVING count(*) > 0)
  SELECT ${KEYS} FROM met WHERE id IS NULL`
