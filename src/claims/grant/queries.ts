import { groupOutcomes, recordEvents } from '../../audit/queries.ts'
import type { Inspection } from '../../guards/inspect.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonIdentity, jsonKey, jsonRow } from '../../rows/answer/queries.ts'
import type { Input } from '../../rows/input/queries.ts'
import { hashedUnits, identity, standingRows } from '../hashed/queries.ts'

/** On what terms units are claimed. */
export interface Terms {
  readonly inspection: Inspection
  readonly run: string
  readonly lease: string
  /** A UUID of this statement: sent again after a lost answer, it is given the same claims. */
  readonly grant: string
  readonly policy: 'skip' | 'replace'
  /** How often a unit may be tried. */
  readonly attempts: number
  readonly reason: string | undefined
  readonly actor: string | undefined
  /** Units that others hold will be asked for again: that they are held is no verdict yet. */
  readonly patient: boolean
  /** Whether a replacement that failed or died is done to its end, also where `skip` would not. */
  readonly finishing?: boolean
}

/** Units as a statement takes them. */
export interface UnitInput {
  /** Their keys, as rows of the guard's table. */
  readonly input: Input
  /** JSON arrays: the units, which are kept until their claims are done, and their fingerprints. */
  readonly units: { readonly kept: string; readonly fingerprints: string }
}

// The claim of each unit as this statement's snapshot has it. Lateral, because a join would let a
// wrong estimate read the whole ledger.
const knownClaims = (guard: string): Sql => sql`
  LEFT JOIN LATERAL (
    SELECT known.state AS once_state, known.fence AS once_fence, known.grant_id AS once_grant,
      known.lease_id AS once_lease, known.run_id AS once_run, known.retry_at AS once_retry_at,
      known.error AS once_error, known.attempt AS once_attempt,
      known.done_lease_id AS once_done_lease, known.fingerprint AS once_fingerprint,
      known.result AS once_result, known.replaces AS once_replaces, lease.worker AS once_worker,
      lease.expires_at AS once_expires_at,
      coalesce(lease.dead, false) OR lease.id IN (SELECT id FROM reaped) AS once_dead
    FROM onceover.claim AS known LEFT JOIN onceover.lease ON lease.id = known.lease_id
    WHERE known.guard = ${guard}::text AND known.key_hash = met.once_hash LIMIT 1) AS known ON true`

/** A CTE that marks the leases dead that have expired; dead is for ever. */
const reaped = (): Sql => sql`
  reaped AS MATERIALIZED (
    UPDATE onceover.lease SET dead = true WHERE id IN (
      SELECT id FROM onceover.lease WHERE NOT dead AND expires_at <= statement_timestamp()
      ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING id)`

// Whether the run still runs, locked against its cancel, and whether the lease still lives.
const gate = ({ run, lease }: Terms): Sql => sql`
  gate AS MATERIALIZED (
    SELECT run.state = 'running' AS running,
      EXISTS (SELECT FROM onceover.lease WHERE id = ${lease}::uuid AND NOT dead)
        AND ${lease}::uuid NOT IN (SELECT id FROM reaped) AS leased
    FROM onceover.run WHERE id = ${run}::uuid FOR SHARE)`

const plan = ({ inspection: { guard }, run, lease, grant, policy, finishing }: Terms): Sql => {
  const forever = sql.raw(String(guard.remember === 'forever'))
  const own = sql`once_run = ${run}::uuid`
  // To go on with a run is no second input: what the run itself has made is not met again.
  const known = finishing
    ? sql`WHEN once_state = 'done' AND ${own} THEN 'known'`
    : sql`WHEN once_state = 'done' AND once_done_lease IS NOT NULL AND ${own} THEN 'collided'`
  const unfinished = finishing
    ? sql`once_replaces AND once_state IN ('claimed', 'failed')`
    : sql`false`
  const standing =
    policy === 'skip'
      ? sql`WHEN once_stands AND (once_state IS NULL OR once_state = 'done') THEN 'exists'
        WHEN once_stands AND NOT (${unfinished}) THEN 'settle'
        WHEN once_state = 'done' AND ${forever} THEN 'exists'`
      : sql`WHEN once_state = 'done' AND once_fingerprint = given.fingerprint
          AND (once_stands OR ${forever}) THEN 'unchanged'`
  return sql`CASE
    WHEN once_wrong IS NOT NULL THEN 'invalid'
    WHEN once_ord <> once_first THEN 'collided'
    WHEN NOT gate.running THEN 'cancelled'
    WHEN NOT gate.leased THEN 'unleased'
    WHEN once_state = 'claimed' AND once_grant = ${grant}::uuid THEN 'wanted'
    WHEN once_state = 'claimed' AND once_lease = ${lease}::uuid AND ${own} THEN 'collided'
    ${known}
    WHEN once_state = 'claimed' AND NOT once_dead THEN 'in_flight'
    ${standing}
    WHEN once_state = 'failed' AND once_retry_at > statement_timestamp() THEN 'backoff'
    WHEN once_state = 'exhausted' THEN 'exhausted'
    ELSE 'wanted' END`
}

// Arrays side by side, which are read three times as fast as an array of objects.
const givenUnits = ({ units: { kept, fingerprints } }: UnitInput): Sql => sql`
  given AS MATERIALIZED (
    SELECT unit, fingerprint, (place - 1)::int AS ord FROM ROWS FROM (
      json_array_elements(${kept}::text::json),
      json_array_elements_text(${fingerprints}::text::json))
      WITH ORDINALITY AS given(unit, fingerprint, place))`

const judgedUnits = (terms: Terms, { input }: UnitInput): Sql => {
  const { inspection } = terms
  return sql`
  judged AS MATERIALIZED (
    SELECT planned.*, ${plan(terms)} AS once_plan FROM (
      SELECT met.*, known.*, coalesce(once_met AND NOT once_unfinished, false) AS once_stands
      FROM (${standingRows(inspection, hashedUnits(inspection, input))}) AS met
      ${knownClaims(inspection.guard.name)}) AS planned
    CROSS JOIN gate
    LEFT JOIN given ON given.ord = planned.once_ord)`
}

const COLUMNS = [
  ...['state', 'lease_id', 'grant_id', 'fence', 'attempt', 'generation', 'origin', 'replaces'],
  ...['run_id', 'unit', 'fingerprint', 'retry_at', 'error', 'done_lease_id', 'claimed_at'],
  ...['ended_at'],
]

const columns = (changed: Readonly<Record<string, string>>): string =>
  COLUMNS.map((name) => changed[name] ?? `claim.${name}`).join(', ')

// Only what a save completed makes room for new calls. A claim that was settled over a row of
// somebody else's may have called, and lost the answer.
const TAKEN = columns({
  state: `'claimed'`,
  lease_id: 'EXCLUDED.lease_id',
  grant_id: 'EXCLUDED.grant_id',
  fence: 'claim.fence + 1',
  attempt: `CASE WHEN claim.state IN ('done', 'cancelled') THEN 1 ELSE claim.attempt + 1 END`,
  generation: `claim.generation
      + (claim.state = 'done' AND claim.done_lease_id IS NOT NULL)::int`,
  origin: `CASE claim.state WHEN 'claimed' THEN 'taken_over' WHEN 'failed' THEN 'retried'
      ELSE 'reopened' END`,
  replaces: 'EXCLUDED.replaces',
  run_id: 'EXCLUDED.run_id',
  unit: 'EXCLUDED.unit',
  fingerprint: 'EXCLUDED.fingerprint',
  retry_at: 'NULL::timestamptz',
  done_lease_id: 'NULL::uuid',
  claimed_at: 'statement_timestamp()',
  ended_at: 'NULL::timestamptz',
})

// What stands was not made from the data that this claim was about to make it from.
const SETTLED = columns({
  state: `'done'`,
  lease_id: 'NULL::uuid',
  fence: 'claim.fence + 1',
  unit: 'NULL::json',
  fingerprint: 'NULL::text',
  retry_at: 'NULL::timestamptz',
  done_lease_id: 'NULL::uuid',
  ended_at: 'statement_timestamp()',
})

const EXHAUSTED = columns({
  state: `'exhausted'`,
  lease_id: 'NULL::uuid',
  fence: 'claim.fence + 1',
  error: `coalesce(claim.error || '; ', '') || 'the worker died in attempt ' || claim.attempt`,
  ended_at: 'statement_timestamp()',
})

// Judged once more, on the row as it stands now that it is locked: only the claim that this
// statement saw is taken, because what it saw beside it, the row that stands, is that old too. A
// claim keeps its fence when it is completed: a done one is opened only where it was seen done.
const action = ({ grant, attempts }: Terms): Sql => sql`CASE
      WHEN EXCLUDED.state = 'done' THEN
        CASE WHEN claim.fence = EXCLUDED.fence - 1 AND claim.state <> 'done' THEN 'settle' END
      WHEN claim.grant_id = ${grant}::uuid THEN 'leave'
      WHEN claim.state = 'claimed' AND NOT (claim.lease_id IN (SELECT id FROM reaped) OR EXISTS (
        SELECT FROM onceover.lease WHERE lease.id = claim.lease_id AND lease.dead)) THEN 'leave'
      WHEN claim.fence <> EXCLUDED.fence - 1 THEN 'leave'
      WHEN claim.state = 'claimed' AND claim.attempt >= ${attempts}::int THEN 'exhaust'
      WHEN claim.state = 'failed' AND claim.retry_at > statement_timestamp() THEN 'leave'
      WHEN claim.state = 'exhausted' THEN 'leave'
      WHEN claim.state = 'done' AND EXCLUDED.origin <> 'reopened' THEN 'leave'
      ELSE 'take' END`

// No WHERE on the update: a row that it leaves as it is must come back too. In the order of the
// hashes, which is the order of every statement that locks several claims.
const claimedUnits = (terms: Terms): Sql => sql`
  claimed AS (
    INSERT INTO onceover.claim (guard, key_hash, key, state, lease_id, grant_id, fence, attempt,
      generation, origin, replaces, run_id, unit, fingerprint, claimed_at)
    SELECT ${terms.inspection.guard.name}::text, once_hash,
      ${sql.raw(jsonKey(terms.inspection))}::jsonb,
      CASE once_plan WHEN 'settle' THEN 'done' ELSE 'claimed' END,
      CASE once_plan WHEN 'settle' THEN NULL ELSE ${terms.lease}::uuid END, ${terms.grant}::uuid,
      coalesce(once_fence, 0) + 1, 1, 1, CASE once_state WHEN 'done' THEN 'reopened' ELSE 'new' END,
      once_stands, ${terms.run}::uuid, given.unit, given.fingerprint, statement_timestamp()
    FROM judged JOIN given ON given.ord = judged.once_ord
    WHERE once_plan IN ('wanted', 'settle')
    ORDER BY once_hash
    ON CONFLICT (guard, key_hash) DO UPDATE SET (${sql.raw(COLUMNS.join(', '))}) = (
      SELECT next.* FROM (SELECT ${action(terms)} AS action) AS decided, LATERAL (
        SELECT ${sql.raw(TAKEN)} WHERE action = 'take'
        UNION ALL SELECT ${sql.raw(SETTLED)} WHERE action = 'settle'
        UNION ALL SELECT ${sql.raw(EXHAUSTED)} WHERE action = 'exhaust'
        UNION ALL SELECT ${sql.raw(columns({}))}
          WHERE coalesce(action, 'leave') = 'leave') AS next)
    RETURNING key_hash, state, lease_id, grant_id, fence, attempt, generation, origin, replaces,
      retry_at, error)`

const remaining = (moment: string): string =>
  `ceil(extract(epoch FROM ${moment} - statement_timestamp()) * 1000)::bigint`

// What else the ledger says of a unit. Of most it says nothing, and each value of each unit is
// written and read a thousand times in a chunk. Only a preview says `created` and `replaced`.
const CLAIM = `
  CASE WHEN verdict = 'granted'
    THEN json_build_array(encode(hash, 'hex'), fence::text, attempt, generation, replaces)
  WHEN verdict IN ('in_flight', 'failed', 'collided', 'created', 'replaced') OR result IS NOT NULL
    THEN json_build_array(encode(hash, 'hex'), state, attempt, held_ms, retry_ms, result)
  END AS claim`

const outcomes = ({ inspection, grant }: Terms): Sql => {
  const all = identity(inspection)
  return sql`
  outcome AS (
    SELECT ord, first, key, verdict, reason, met, found, found_id, ${sql.raw(CLAIM)} FROM (
    SELECT once_ord AS ord, once_first AS first, ${sql.raw(jsonKey(inspection))} AS key,
      CASE
        WHEN once_plan IN ('exists', 'unchanged') THEN 'skipped'
        WHEN once_plan IN ('backoff', 'exhausted') THEN 'failed'
        WHEN once_plan NOT IN ('wanted', 'settle') THEN once_plan
        WHEN claimed.state = 'claimed' AND claimed.grant_id = ${grant}::uuid THEN 'granted'
        WHEN claimed.state = 'claimed' THEN 'in_flight'
        WHEN claimed.fence IS DISTINCT FROM once_fence AND claimed.state <> 'done' THEN 'raced'
        WHEN claimed.state IN ('failed', 'exhausted') THEN 'failed'
        WHEN once_plan = 'settle' AND claimed.state = 'done' THEN 'skipped'
        ELSE 'raced' END AS verdict,
      CASE
        WHEN once_plan = 'invalid' THEN once_wrong
        WHEN once_plan = 'settle' AND claimed.state = 'done' THEN 'exists'
        WHEN once_plan IN ('exists', 'unchanged') THEN once_plan
        WHEN once_plan IN ('backoff', 'exhausted') THEN coalesce(once_error, once_plan)
        WHEN claimed.state IN ('failed', 'exhausted') THEN claimed.error END AS reason,
      coalesce(once_met, false) AS met,
      CASE WHEN once_met THEN ${sql.raw(jsonRow('once_f', inspection.shown, all))} END AS found,
      CASE WHEN once_met THEN ${sql.raw(jsonIdentity('once_f', inspection, all))} END AS found_id,
      once_hash AS hash, claimed.fence, coalesce(claimed.attempt, once_attempt) AS attempt,
      claimed.generation, claimed.replaces,
      coalesce(claimed.state, once_state) AS state,
      CASE WHEN once_plan = 'in_flight' THEN ${sql.raw(remaining('once_expires_at'))} END
        AS held_ms,
      CASE WHEN coalesce(claimed.state, once_state) = 'failed'
        THEN ${sql.raw(remaining('coalesce(claimed.retry_at, once_retry_at)'))} END AS retry_ms,
      CASE WHEN once_plan IN ('exists', 'unchanged') THEN once_result END AS result
    FROM judged LEFT JOIN claimed ON claimed.key_hash = judged.once_hash
      AND once_plan IN ('wanted', 'settle')) AS decided)`
}

// The dead worker cannot say that it lost its unit: whoever took it over does.
const takeovers = ({ inspection: { guard, parts }, run, actor, grant }: Terms): Sql => sql`
  takeover AS (
    INSERT INTO onceover.event (run_id, guard, verdict, reason, actor, parts, keys)
    SELECT ${run}::uuid, ${guard.name}::text, 'taken_over', 'from ' || once_worker,
      ${actor ?? null}::text,
      ARRAY[${sql.raw(parts.map(({ name }) => quoteLiteral(name)).join(', '))}]::text[],
      json_agg(outcome.key)
    FROM judged JOIN outcome ON outcome.ord = judged.once_ord
      JOIN claimed ON claimed.key_hash = judged.once_hash
    WHERE verdict = 'granted' AND origin = 'taken_over' AND once_state = 'claimed'
      AND claimed.grant_id = ${grant}::uuid AND once_grant <> ${grant}::uuid
    GROUP BY once_worker)`

const GROUPED = [
  'json_agg(ord) AS places',
  "json_agg(first) FILTER (WHERE verdict = 'collided') AS firsts",
  'CASE WHEN bool_or(met) THEN json_agg(found) END AS found',
  'json_agg(claim) AS claims',
]

/**
 * Claims units, and answers with one line for each verdict and reason, as insertRows does; `claims`
 * has what the ledger says of each. Verdicts that are none yet: `granted`, `raced` (another
 * finished it after this statement began: send it again), `unleased` (the lease is dead), `known`
 * (this run made it before it was gone on with).
 *
 * Reads only, where every unit is done or held; the events and the lock on the run excepted.
 */
export const claimUnits = (terms: Terms, units: UnitInput): Sql => {
  const { inspection, run, reason, actor, patient } = terms
  const { guard, parts } = inspection
  const passing = ['raced', 'granted', 'unleased', 'known', ...(patient ? ['in_flight'] : [])]
  const audit = { run, guard: guard.name, parts: parts.map(({ name }) => name), reason, actor }
  return sql`WITH ${reaped()}, ${gate(terms)},
  ${givenUnits(units)},
  ${judgedUnits(terms, units)}, ${claimedUnits(terms)}, ${outcomes(terms)},
  ${groupOutcomes(GROUPED)}, ${recordEvents(audit, passing)},
  ${takeovers(terms)}
  SELECT verdict, reason, places::text AS places, keys::text AS keys, firsts::text AS firsts,
    found::text AS found, claims::text AS claims FROM grouped`
}

/**
 * Says what claiming units would come to, and writes nothing: as claimUnits, with `created` or
 * `replaced` for a unit that would be granted.
 */
export const previewUnits = (
  terms: Pick<Terms, 'inspection' | 'policy' | 'attempts'>,
  units: UnitInput,
): Sql => {
  const nobody = '00000000-0000-0000-0000-000000000000'
  const all = { ...terms, run: nobody, lease: nobody, grant: nobody }
  const shown = identity(terms.inspection)
  const dying = sql`once_state = 'claimed' AND once_attempt >= ${terms.attempts}::int`
  return sql`WITH reaped AS MATERIALIZED (
    SELECT id FROM onceover.lease WHERE NOT dead AND expires_at <= statement_timestamp()),
  gate AS MATERIALIZED (SELECT true AS running, true AS leased),
  ${givenUnits(units)},
  ${judgedUnits({ ...all, reason: undefined, actor: undefined, patient: false }, units)},
  outcome AS (
    SELECT ord, first, key, verdict, reason, met, found, found_id, ${sql.raw(CLAIM)} FROM (
    SELECT once_ord AS ord, once_first AS first, ${sql.raw(jsonKey(terms.inspection))} AS key,
      CASE WHEN once_plan IN ('exists', 'unchanged', 'settle') THEN 'skipped'
        WHEN once_plan IN ('backoff', 'exhausted') THEN 'failed'
        WHEN once_plan <> 'wanted' THEN once_plan
        WHEN ${dying} THEN 'failed'
        WHEN once_stands THEN 'replaced' ELSE 'created' END AS verdict,
      CASE WHEN once_plan = 'invalid' THEN once_wrong
        WHEN once_plan = 'settle' THEN 'exists'
        WHEN once_plan IN ('exists', 'unchanged') THEN once_plan
        WHEN once_plan IN ('backoff', 'exhausted') THEN coalesce(once_error, once_plan)
        WHEN once_plan = 'wanted' AND ${dying} THEN 'exhausted' END AS reason,
      coalesce(once_met, false) AS met,
      CASE WHEN once_met THEN ${sql.raw(jsonRow('once_f', terms.inspection.shown, shown))}
        END AS found,
      NULL::json AS found_id,
      once_hash AS hash, NULL::bigint AS fence, once_attempt AS attempt, NULL::int AS generation,
      NULL::boolean AS replaces, once_state AS state,
      CASE WHEN once_plan = 'in_flight' THEN ${sql.raw(remaining('once_expires_at'))} END
        AS held_ms,
      CASE WHEN once_plan = 'backoff' THEN ${sql.raw(remaining('once_retry_at'))} END AS retry_ms,
      NULL::json AS result
    FROM judged) AS decided),
  ${groupOutcomes(GROUPED)}
  SELECT verdict, reason, places::text AS places, keys::text AS keys, firsts::text AS firsts,
    found::text AS found, claims::text AS claims FROM grouped`
}
