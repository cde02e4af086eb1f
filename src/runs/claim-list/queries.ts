import { allOf, contains, isoMoment, type PageSearch } from '../../audit/page/queries.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** Which claims to read. */
export interface ClaimSelection {
  readonly guard?: string | undefined
  /** JSON object of some of the key's parts. */
  readonly key?: string | undefined
  readonly state?: string | undefined
  readonly run?: string | undefined
  readonly error?: string | undefined
  /** The moment, the hash in hex and the guard of the claim after which to go on. */
  readonly after?: readonly string[] | undefined
  readonly limit: number
  /** How many claims are looked at where a filter has no index; else all. */
  readonly look?: number | undefined
}

// The states of claims that ended and made nothing.
const UNMADE = ['failed', 'exhausted', 'cancelled'] as const

const isUnmade = (state: string | undefined): boolean =>
  UNMADE.some((each) => each === (state ?? ''))

// The ledger knows by place what the guard knows by name: of each guard that has all the parts, the
// place of each and its value. Asked for once, not for each claim.
const placed = (key: string): Sql => sql`(
  SELECT jsonb_object_agg(name, places) FROM (
    SELECT guard.name, jsonb_agg(jsonb_build_array(place - 1, wanted.value)) AS places
    FROM unnest(ARRAY(SELECT declared FROM onceover.guard AS declared)) AS guard
    CROSS JOIN jsonb_each_text(${key}::text::jsonb) AS wanted
    LEFT JOIN LATERAL (SELECT place FROM json_array_elements(guard.key->'parts')
        WITH ORDINALITY AS parts(part, place) WHERE part->>0 = wanted.key) AS named ON true
    GROUP BY guard.name HAVING bool_and(place IS NOT NULL)) AS known)`

const hasParts = (key: string): Sql => sql`
  coalesce(${placed(key)} ? claim.guard, false) AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(${placed(key)}->claim.guard) AS wanted
    WHERE claim.key->>(wanted->>0)::int IS DISTINCT FROM wanted->>1)`

const CLAIM = `json_build_object('guard', claim.guard, 'parts', (SELECT json_agg(part->>0)
      FROM onceover.guard, json_array_elements(guard.key->'parts') AS part
      WHERE guard.name = claim.guard),
    'key', claim.key, 'state', claim.state, 'attempt', attempt, 'fence', fence::text,
    'origin', origin, 'run', run_id,
    'worker', (SELECT worker FROM onceover.lease WHERE lease.id = claim.lease_id),
    'leaseUntil', (SELECT ${isoMoment('expires_at')} FROM onceover.lease
      WHERE lease.id = claim.lease_id),
    'retryAt', ${isoMoment('retry_at')},
    'error', error, 'needsReconcile', (SELECT min(name) FROM onceover.step
      WHERE step.guard = claim.guard AND step.key_hash = claim.key_hash
        AND step.generation = claim.generation AND step.state = 'needs_reconcile'),
    'result', result, 'claimedAt', ${isoMoment('claimed_at')},
    'endedAt', ${isoMoment('ended_at')})`

const CURSOR = [isoMoment('claimed_at'), "encode(key_hash, 'hex')", 'claim.guard']

const older = (after: readonly string[] | undefined): readonly Sql[] => {
  const [at, hash, guard] = after ?? []
  if (at === undefined || hash === undefined || guard === undefined) return []
  return [
    sql`(claimed_at, key_hash, guard)
      < (${at}::timestamptz, decode(${hash}, 'hex'), ${guard}::text)`,
  ]
}

const newest = sql`claimed_at DESC, key_hash DESC, guard DESC`

// As an array, of which the planner expects ten: of a table that it has no statistics of it expects
// hundreds, and compiles the statement for longer than it runs.
const ofGuards = (guard: string | undefined): Sql =>
  guard === undefined
    ? sql`unnest(ARRAY(SELECT name FROM onceover.guard)) AS source(name)`
    : sql`(SELECT ${guard}::text AS name) AS source`

const streamOf = (conditions: readonly Sql[], look: number): Sql => sql`
  SELECT *, false AS once_far FROM onceover.claim WHERE ${allOf(conditions)}
  ORDER BY claimed_at DESC, key_hash DESC LIMIT ${look}`

// The kinds of claims that a filter can find.
function kindsOf({ state, error }: ClaimSelection): readonly string[] {
  if (state === undefined) return error === undefined ? ['', ...UNMADE] : UNMADE
  return isUnmade(state) ? [state] : ['']
}

// In the order of the list for each guard, or for the run, and each kind: together they are merged.
const merged = (wanted: ClaimSelection, more: readonly Sql[], look: number): Sql => {
  const { guard, run } = wanted
  const kinds = kindsOf(wanted)
  const [kind, ...others] = kinds
  const named = run === undefined ? guard : run
  const mine = run === undefined ? sql`guard = ${guard ?? ''}::text` : sql`run_id = ${run}::uuid`
  if (named !== undefined && others.length === 0) {
    return streamOf([mine, sql`unmade = ${kind ?? ''}::text`, ...more], look)
  }
  const each = [named === undefined ? sql`guard = source.name` : mine, sql`unmade = kind`]
  return sql`
  SELECT claim.* FROM ${named === undefined ? ofGuards(undefined) : sql`(SELECT) AS source`}
  CROSS JOIN unnest(${[...kinds]}::text[]) AS kind
  CROSS JOIN LATERAL (${streamOf([...each, ...more], look)}) AS claim
  ORDER BY ${newest} LIMIT ${look}`
}

// How many of the newest are looked at for those that are claimed: of each run that is running, and
// of each guard, where a run ended without them.
const OF_RUN = 2000
const OF_GUARD = 200
const RUNS = 1000

const heldByRuns = (condition: Sql): Sql => sql`
  SELECT claim.* FROM unnest(ARRAY(
    SELECT id FROM onceover.run WHERE state = 'running' AND ${condition}
    ORDER BY started_at DESC, id DESC LIMIT ${RUNS})) AS running(id)
  CROSS JOIN LATERAL (SELECT * FROM onceover.claim WHERE run_id = running.id AND unmade = ''
    ORDER BY claimed_at DESC LIMIT ${OF_RUN}) AS claim WHERE claim.state = 'claimed'`

/**
 * The claims that are claimed, by what they are likely among: no index can hold them, as completing
 * one would have to write it.
 */
const claimedOf = (guard: string | undefined): Sql => sql`
  ${heldByRuns(guard === undefined ? sql`true` : sql`guard = ${guard}::text`)}
  UNION ALL
  SELECT claim.* FROM ${ofGuards(guard)}
  CROSS JOIN LATERAL (SELECT * FROM onceover.claim WHERE guard = source.name AND unmade = ''
    ORDER BY claimed_at DESC, key_hash DESC LIMIT ${OF_GUARD}) AS claim
  WHERE claim.state = 'claimed' AND NOT EXISTS (
    SELECT FROM onceover.run WHERE run.id = claim.run_id AND run.state = 'running')`

const claimedNow = ({ guard }: ClaimSelection, more: readonly Sql[], look: number): Sql => sql`
  SELECT *, false AS once_far FROM (${claimedOf(guard)}) AS claim
  WHERE ${allOf(more)} ORDER BY ${newest} LIMIT ${look}`

/** How to look for a page of claims, the latest first. */
export function searchClaims(wanted: ClaimSelection): PageSearch {
  const { guard, state, run, key, error, after, limit } = wanted
  const sought = [
    ...(guard === undefined || run === undefined ? [] : [sql`claim.guard = ${guard}::text`]),
    ...(state === undefined || isUnmade(state) ? [] : [sql`claim.state = ${state}::text`]),
    ...(error === undefined ? [] : [contains('claim.error', error)]),
    ...(key === undefined ? [] : [hasParts(key)]),
  ]
  const whole = wanted.look === undefined
  const conditions = whole ? [] : sought
  const inside = [...older(after), ...(whole ? sought : [])]
  // Of several guards as many are read of each.
  const most = (wanted.look ?? 0) / (guard === undefined && run === undefined ? 4 : 1)
  const look = conditions.length === 0 ? limit + 1 : Math.max(most, limit + 1)
  const now = state === 'claimed' && run === undefined
  return {
    stream: now ? claimedNow(wanted, inside, look) : merged(wanted, inside, look),
    as: 'claim',
    conditions,
    item: sql.raw(CLAIM),
    cursor: CURSOR,
    oldest: 'claimed_at, key_hash, guard',
    newest: 'claimed_at DESC, key_hash DESC, guard DESC',
    look,
    limit,
  }
}

/** One claim by the hash of its key, in hex, as the text of a JSON object. */
export const selectClaim = (guard: string, hash: string): Sql => sql`
  SELECT ${sql.raw(CLAIM)}::text AS claim, json_build_array(${sql.raw(CURSOR.join(', '))})::text
    AS place
  FROM onceover.claim WHERE claim.guard = ${guard}::text AND key_hash = decode(${hash}, 'hex')`

const AT_MOST = 1000

/** How many claims of each guard are in each state that wants looking at, a thousand at most. */
export const countClaims = (guards: readonly string[] | undefined): Sql => {
  const unmade = UNMADE.map(
    (state) => `'${state}', (SELECT count(*) FROM (SELECT FROM onceover.claim
      WHERE guard = source.name AND unmade = '${state}' LIMIT ${AT_MOST}) AS capped)`,
  )
  const names = guards === undefined ? undefined : [...new Set(guards)]
  const source =
    names === undefined ? ofGuards(undefined) : sql`unnest(${names}::text[]) AS source(name)`
  const wanted = names === undefined ? sql`true` : sql`guard = ANY(${names}::text[])`
  return sql`
  WITH held AS MATERIALIZED (
    SELECT guard, least(count(*), ${AT_MOST}) AS claims FROM (${heldByRuns(wanted)}) AS claimed
    GROUP BY guard)
  SELECT source.name AS guard, json_build_object(
    'claimed', coalesce((SELECT claims FROM held WHERE held.guard = source.name), 0),
    ${sql.raw(unmade.join(', '))})::text AS counts
  FROM ${source} ORDER BY source.name`
}
