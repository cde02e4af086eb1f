import { type Sql, sql } from '../../postgres/sql.ts'
import { bytes, type Held, held } from '../queries.ts'

/** A step of a unit, and the claim under which it runs. */
export interface StepTerms {
  readonly claim: Held
  readonly run: string
  readonly generation: number
  readonly name: string
}

const stepOf = ({ claim, generation, name }: StepTerms): Sql => sql`
  step.guard = ${claim.guard}::text AND step.key_hash = ${bytes(claim.hash)}::bytea
    AND step.generation = ${generation}::int AND step.name = ${name}::text`

// The claim is locked while the step is written: neither a cancel nor a takeover comes between.
const owned = ({ claim }: StepTerms): Sql => sql`
  owned AS MATERIALIZED (
    SELECT FROM onceover.claim WHERE ${held(claim)} FOR SHARE)`

/**
 * Records the intent of a call, or finds what an earlier attempt left: `own` where this owner of
 * the claim recorded it, the answer where there is one. Answers with nothing where the claim is
 * lost.
 */
export const intendStep = (terms: StepTerms, idempotencyKey: string): Sql => sql`
  WITH ${owned(terms)}
  INSERT INTO onceover.step AS step (guard, key_hash, generation, name, run_id, idempotency_key,
    state, fence)
  SELECT ${terms.claim.guard}::text, ${bytes(terms.claim.hash)}::bytea, ${terms.generation}::int,
    ${terms.name}::text, ${terms.run}::uuid, ${idempotencyKey}::text, 'asked',
    ${String(terms.claim.fence)}::bigint
  FROM owned
  ON CONFLICT (guard, key_hash, generation, name) DO UPDATE
    SET (state, calls, fence, reused) = (
      SELECT 'asked', step.calls + 1, EXCLUDED.fence, step.reused
      WHERE step.state = 'withdrawn'
      UNION ALL
      SELECT step.state, step.calls, step.fence, step.reused + (step.state = 'answered')::int
      WHERE step.state <> 'withdrawn')
  RETURNING state, idempotency_key AS key, answer::text AS answer,
    (fence = ${String(terms.claim.fence)}::bigint)::text AS own`

/**
 * Records the answer of a call; `asked` where it was looked up at the provider. An answer that
 * comes after the claim was lost is as true as before, and whoever has the unit now needs it: it is
 * kept where the call that it answers is still the last one. Answers with whether the claim is
 * owned.
 */
export const answerStep = (terms: StepTerms, answer: string, asked: boolean): Sql => sql`
  WITH ${owned(terms)}
  UPDATE onceover.step AS step SET state = 'answered', answer = ${answer}::text::json,
    asked = step.asked + ${asked ? 1 : 0}::int, answered_at = clock_timestamp()
  WHERE ${stepOf(terms)} AND (EXISTS (SELECT FROM owned)
    OR (step.fence = ${String(terms.claim.fence)}::bigint
      AND step.state IN ('asked', 'needs_reconcile')))
  RETURNING EXISTS (SELECT FROM owned)::text AS owned`

/**
 * Records that the provider was asked and knows nothing, and that the call is made again: where it
 * was not answered meanwhile. Answers with the state.
 */
export const repeatStep = (terms: StepTerms): Sql => sql`
  WITH ${owned(terms)}
  UPDATE onceover.step AS step SET (state, asked, calls, fence) = (
    SELECT step.state, step.asked + 1, step.calls, step.fence WHERE step.state = 'answered'
    UNION ALL
    SELECT 'asked', step.asked + 1, step.calls + 1, ${String(terms.claim.fence)}::bigint
    WHERE step.state <> 'answered')
  FROM owned WHERE ${stepOf(terms)}
  RETURNING state`

/**
 * Withdraws an intent whose call was certainly never made; its idempotency key stays. Sent again
 * after a lost answer it changes nothing.
 */
export const withdrawStep = (terms: StepTerms): Sql => sql`
  WITH ${owned(terms)}
  UPDATE onceover.step AS step SET state = 'withdrawn',
    calls = step.calls - (step.state = 'asked')::int
  FROM owned WHERE ${stepOf(terms)} AND step.state IN ('asked', 'withdrawn')
  RETURNING name`

/** Parks a step whose answer was lost and cannot be asked for. */
export const parkStep = (terms: StepTerms): Sql => sql`
  UPDATE onceover.step AS step SET state = 'needs_reconcile' WHERE ${stepOf(terms)}
    AND step.state = 'asked'`

/**
 * What a person found out about a parked step: its answer, or that it was never made. The claim is
 * opened for the next run.
 *
 * @param answer JSON; undefined where the call is to be made again
 */
export const resolveStep = (
  guard: string,
  hash: string,
  name: string,
  answer: string | undefined,
): Sql => sql`
  WITH open AS (
    UPDATE onceover.claim AS claim SET state = 'failed', attempt = 0, retry_at = NULL
    WHERE guard = ${guard}::text AND key_hash = ${bytes(hash)}::bytea
      AND state IN ('failed', 'exhausted', 'cancelled')
      AND EXISTS (SELECT FROM onceover.step WHERE step.guard = claim.guard
        AND step.key_hash = claim.key_hash AND step.generation = claim.generation
        AND step.name = ${name}::text AND step.state <> 'answered')
    RETURNING guard, key_hash, generation),
  answered AS (
    UPDATE onceover.step AS step SET
      state = CASE WHEN ${answer === undefined}::boolean THEN 'withdrawn' ELSE 'answered' END,
      answer = ${answer ?? null}::text::json, answered_at = clock_timestamp()
    FROM open WHERE step.guard = open.guard AND step.key_hash = open.key_hash
      AND step.generation = open.generation AND step.name = ${name}::text
      AND step.state <> 'answered')
  SELECT count(*)::text AS resolved FROM open`
