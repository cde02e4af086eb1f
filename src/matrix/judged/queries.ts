import { hashedUnits } from '../../claims/hashed/queries.ts'
import type { InspectedPart } from '../../guards/part.ts'
import { exactJson, exactText } from '../../postgres/exact-json.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Input } from '../../rows/input/queries.ts'
import { keyNames } from '../../rows/ranked/queries.ts'
import { claimed, counted, standing, unclaimed, valueType } from '../../runs/judged/queries.ts'
import type { Layout } from '../layout.ts'
import { GRAVITY, type MatrixState } from '../state.ts'

/** What a matrix is made of. */
export interface Made {
  readonly layout: Layout
  readonly from: string | null
  readonly to: string | null
  /** What is expected; undefined where nobody says. */
  readonly expected: Input | undefined
  /** The guard's key as the ledger has it; undefined where there is no ledger. */
  readonly ledger: string | undefined
  /** The only entity, where there is one, by its text. */
  readonly entity?: string | null
}

const within = ({ layout: { daily, periodPart }, from, to }: Made, value: string): Sql => {
  const after = (day: Sql) =>
    periodPart.base === 'timestamptz' ? sql`(${day})::timestamp AT TIME ZONE 'UTC'` : day
  const key = sql.raw(value)
  if (daily) {
    return sql`${key} >= ${after(sql`${from}::date`)} AND ${key} < ${after(sql`${to}::date + 1`)}`
  }
  const type = sql.raw(valueType(periodPart))
  const low = from === null ? sql`` : sql` AND ${key} >= ${from}::text::${type}`
  const high = to === null ? sql`` : sql` AND ${key} <= ${to}::text::${type}`
  return sql`${key} IS NOT NULL${low}${high}`
}

// For an index. Where the entity is no part of the key, another entity may have rows of its keys.
const ofEntity = ({ layout: { entity, inspection }, entity: only }: Made): Sql => {
  const part = entity === undefined ? undefined : inspection.parts[entity]
  if (!part || only === undefined) return sql``
  const key = sql.raw(part.encoding.indexed)
  return only === null
    ? sql` AND ${key} IS NULL`
    : sql` AND ${key} = ${only}::text::${sql.raw(valueType(part))}`
}

/** A query of expected units, of one entity only where its column is the entity as it stands. */
export const expectedOfEntity = (
  { entity, inspection }: Layout,
  only: string | null | undefined,
  query: Sql,
): Sql => {
  const part = entity === undefined ? undefined : inspection.parts[entity]
  if (!part?.column || part.encoding.indexed !== part.column.quoted) return query
  if (only === undefined || only === null) return query
  const type = valueType(part)
  // As the key is read of it: a query may answer with another type than the column's.
  const column = sql.raw(`(expected.${part.column.quoted})::${type}`)
  const value = sql`${only}::text::${sql.raw(type)}`
  return sql`SELECT expected.* FROM (${query}) AS expected WHERE ${column} = ${value}`
}

const besideOf = ({ beside }: Layout): string[] => (beside ? ['once_entity'] : [])

const besideText = ({ beside }: Layout): string =>
  beside ? `, ${exactText(beside.quoted, beside.base)} AS once_entity` : ''

const expectedKeys = (made: Made, input: Input): Sql => {
  const { inspection, period, beside } = made.layout
  const given = beside && input.columns.includes(beside)
  const entity = given ? besideText(made.layout) : beside ? ', NULL::text AS once_entity' : ''
  return sql`hashed AS MATERIALIZED (${hashedUnits(inspection, input)}),
  expected AS MATERIALIZED (
    SELECT ${sql.raw(keyNames(inspection).join(', '))}, once_hash ${sql.raw(entity)} FROM hashed
    WHERE once_hash IS NOT NULL AND ${within(made, `once_k${period}`)})`
}

// As jsonKey wrote them; an array of JSON is no literal of an array, which only a record reads.
const claimKey = ({ inspection }: Layout, key: string): string => {
  const values = inspection.parts.map((_, index) => `'once_k${index}', ${key}->${index}`)
  const types = inspection.parts.map((part, index) => `once_k${index} ${valueType(part)}`)
  return `jsonb_to_record(jsonb_build_object(${values.join(', ')})) AS key(${types.join(', ')})`
}

const claimEntity = ({ beside }: Layout): string =>
  beside ? `, claim.unit->'input'->>${quoteLiteral(beside.name)} AS once_entity` : ''

// How many of the newest are looked at for those that are claimed: runs that run or crashed, of
// each as many claims as a worker may hold; and claims of the guard whose run ended without them.
// No index has what is claimed: completing a claim would have to write it.
const RUNS = 100
const OF_RUN = 20_000
const OF_GUARD = 1000

const begunClaims = (guard: string): Sql => sql`
  SELECT key, unit, key_hash FROM onceover.claim
  WHERE guard = ${guard}::text AND unmade IN ('failed', 'exhausted', 'cancelled')
  UNION ALL
  SELECT claim.key, claim.unit, claim.key_hash FROM (
    SELECT id FROM onceover.run WHERE guard = ${guard}::text AND state = 'running'
    ORDER BY started_at DESC, id DESC LIMIT ${RUNS}) AS run
  CROSS JOIN LATERAL (SELECT * FROM onceover.claim WHERE run_id = run.id AND unmade = ''
    ORDER BY claimed_at DESC LIMIT ${OF_RUN}) AS claim
  WHERE claim.state = 'claimed'
  UNION ALL
  SELECT claim.key, claim.unit, claim.key_hash FROM (
    SELECT * FROM onceover.claim WHERE guard = ${guard}::text AND unmade = ''
    ORDER BY claimed_at DESC LIMIT ${OF_GUARD}) AS claim
  WHERE claim.state = 'claimed' AND NOT EXISTS (
    SELECT FROM onceover.run WHERE run.id = claim.run_id AND run.state = 'running')`

// Where nobody says what is expected, it is what was begun and is not done. Under another key than
// this guard's the values could not be read.
const begunKeys = (made: Made): Sql => {
  const { layout, ledger } = made
  const { name } = layout.inspection.guard
  const none = sql`SELECT NULL::jsonb AS key, NULL::json AS unit, NULL::bytea AS key_hash
    WHERE false`
  return sql`expected AS MATERIALIZED (
    SELECT key.*, key_hash AS once_hash ${sql.raw(claimEntity(layout))}
    FROM (${ledger === undefined ? none : begunClaims(name)}) AS claim
    CROSS JOIN LATERAL ${sql.raw(claimKey(layout, 'claim.key'))}
    WHERE ${ledger === undefined ? sql`true` : sameKey(name, ledger)}
      AND ${within(made, `key.once_k${layout.period}`)})`
}

const sameKey = (guard: string, ledger: string): Sql => sql`(
  SELECT (guard.key->'parts')::text = ${ledger}::text::json->>'parts'
  FROM onceover.guard WHERE name = ${guard}::text)`

// A key as one text, as it reads in the JSON of an event. No cast can fail on the key of an older
// declaration, and texts are compared several times faster than JSON.
const inOneText = (texts: readonly string[]): string =>
  texts.map((text) => `coalesce(${text}, E'\\x01')`).join(" || E'\\x1f' || ")

const turnedAway = ({ layout: { inspection }, ledger }: Made): Sql => {
  const { guard, parts } = inspection
  if (ledger === undefined) return sql`turned AS (SELECT NULL::text AS key WHERE false)`
  const names = JSON.stringify(parts.map(({ name }) => name))
  const key = inOneText(parts.map((_, index) => `key->>${index}`))
  return sql`turned AS MATERIALIZED (
    SELECT DISTINCT ${sql.raw(key)} AS key FROM (
      SELECT keys FROM onceover.event WHERE guard = ${guard.name}::text AND verdict = 'skipped'
        AND to_json(parts)::text::jsonb = ${names}::text::jsonb
      ORDER BY at DESC, id DESC LIMIT 50) AS newest,
    json_array_elements(newest.keys) AS key)`
}

const PLAIN = new Set([
  ...['int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'citext', 'name'],
  ...['date', 'time', 'timestamp', 'timestamptz'],
])

const keyText = ({ base }: InspectedPart, index: number): string =>
  PLAIN.has(base)
    ? exactText(`once_k${index}`, base)
    : `to_json(${exactJson(`once_k${index}`, base)}) #>> '{}'`

const place = (state: MatrixState): number => GRAVITY.indexOf(state)

const stateOf = ({ layout: { inspection }, expected }: Made): string => {
  const unexpected = expected ? `WHEN NOT once_expected THEN ${place('extra')}` : ''
  const turned = `EXISTS (SELECT FROM turned)
    AND (${inOneText(inspection.parts.map(keyText))} IN (SELECT key FROM turned)) IS TRUE`
  return `CASE WHEN once_excess > 0 THEN ${place('duplicate')} ${unexpected}
    WHEN once_made OR once_finished > 0 THEN
      CASE WHEN ${turned} THEN ${place('skipped')} ELSE ${place('done')} END
    WHEN once_held THEN ${place('claimed')}
    WHEN once_cancelled THEN ${place('cancelled')}
    WHEN once_failed THEN ${place('failed')}
    ELSE ${place(expected ? 'missing' : 'failed')} END`
}

/**
 * CTEs that end in `judged`: every key of a matrix with its entity, its period, and the place of
 * its state in their order of gravity.
 */
export const judgedKeys = (made: Made): Sql => {
  const { layout, expected, ledger } = made
  const { inspection, period, periodPart, daily, entity, beside } = layout
  const key = inspection.parts[period]?.encoding.indexed ?? 'NULL'
  const text = beside && { once_entity: exactText(beside.quoted, beside.base) }
  const rows = standing(inspection, sql`${within(made, key)}${ofEntity(made)}`, text)
  const zoned = periodPart.base === 'timestamptz'
  const day = zoned ? `(once_k${period} AT TIME ZONE 'UTC')::date` : `once_k${period}::date`
  return sql`${expected ? expectedKeys(made, expected) : begunKeys(made)}, ${rows},
  ${sql.raw(counted(inspection, besideOf(layout)))},
  ${ledger === undefined ? unclaimed : claimed(inspection)}, ${turnedAway(made)},
  judged AS (
    SELECT ${sql.raw(keyNames(inspection).join(', '))},
      ${sql.raw(entity === undefined ? 'once_entity' : `once_k${entity}`)} AS once_of,
      ${sql.raw(daily ? day : `once_k${period}`)} AS once_in,
      ${sql.raw(stateOf(made))} AS once_state
    FROM claimed)`
}
