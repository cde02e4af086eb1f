import type { Inspection } from '../../guards/inspect.ts'
import { keyHash } from '../../postgres/key-hash.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { type Input, inputRows } from '../../rows/input/queries.ts'
import { keyNames } from '../../rows/ranked/queries.ts'
import { keyColumns } from '../expected/queries.ts'
import { uncutType, valueType } from '../judged/queries.ts'

const hashOf = ({ parts }: Inspection): string =>
  keyHash(parts.map(({ base }, index) => ({ value: `once_k${index}`, base })))

const canonical = ({ parts }: Inspection): string =>
  parts.map(({ encoding }, index) => `${encoding.inline} AS once_k${index}`).join(', ')

// A column's value becomes its key again, which it may be already; an expression's value is one.
const givenKeys = (inspection: Inspection, json: string): Sql => {
  const names = inspection.parts.map(({ column }, index) => column?.quoted ?? `once_k${index}`)
  const values = names.map((_, index) => `'v${index}', given->${index}`)
  const types = inspection.parts.map((part, index) => `v${index} ${valueType(part)}`)
  const columns = names.map((name, index) => `v${index} AS ${name}`)
  const keys = inspection.parts.map(({ column, encoding }, index) =>
    column ? `${encoding.inline} AS once_k${index}` : `once_k${index}`,
  )
  return sql`SELECT ${sql.raw(keys.join(', '))} FROM (
    SELECT ${sql.raw(columns.join(', '))} FROM jsonb_array_elements(${json}::text::jsonb) AS given
    CROSS JOIN LATERAL jsonb_to_record(${sql.raw(`jsonb_build_object(${values.join(', ')}))
      AS value(${types.join(', ')})`)} OFFSET 0) AS given`
}

/** The hashes, in hex, of keys that are given as a JSON array of arrays of their parts. */
export const selectGivenHashes = (inspection: Inspection, json: string): Sql => sql`
  SELECT DISTINCT encode(${sql.raw(hashOf(inspection))}, 'hex') AS hash
  FROM (${givenKeys(inspection, json)} OFFSET 0) AS keyed`

/**
 * A query of expected units without those whose keys are not given: hashed, so that NULLs are
 * equal and no estimate can make a loop of it. A list and no join: the query's columns stay as
 * they are.
 */
export const onlyGiven = (inspection: Inspection, query: Sql, json: string): Sql => {
  const columns = keyColumns(inspection)
  const cast = columns.map(
    (column) => `(expected.${column.quoted})::${uncutType(column)} AS ${column.quoted}`,
  )
  const relation = sql.raw(`(SELECT 0 AS once_ord, ${cast.join(', ')})`)
  const input: Input = { relation, columns, partial: new Set(), single: true }
  const anywhere = { ...inspection, guard: { ...inspection.guard, where: undefined } }
  const keys = sql.raw(keyNames(inspection).join(', '))
  return sql`SELECT expected.* FROM (${query}) AS expected
    CROSS JOIN LATERAL (SELECT ${sql.raw(hashOf(inspection))} AS once_hash FROM (
      SELECT ${sql.raw(canonical(inspection))} FROM (${inputRows(anywhere, input)}) AS input
      OFFSET 0) AS keyed(${keys}) OFFSET 0) AS hashed
    WHERE (once_hash IN (SELECT DISTINCT ${sql.raw(hashOf(inspection))}
      FROM (${givenKeys(inspection, json)} OFFSET 0) AS keyed)) IS TRUE`
}
