import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { keyHash } from '../../postgres/key-hash.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { answered, renamed } from '../../rows/answer/queries.ts'
import type { Input } from '../../rows/input/queries.ts'
import { equal, rankedRows } from '../../rows/ranked/queries.ts'

// A unit is a row that shall be inside `where`, whatever its columns hold by default.
const anywhere = (inspection: Inspection): Inspection => ({
  ...inspection,
  guard: { ...inspection.guard, where: undefined },
})

const hashOf = ({ parts }: Inspection): string =>
  keyHash(parts.map(({ base }, index) => ({ value: `once_k${index}`, base })))

/** The columns of a standing row that are answered with: its primary key, and those to show. */
export const identity = (inspection: Inspection): readonly Column[] =>
  answered(inspection, inspection.shown)

// A NULL that equals nothing is no key: two units with it could never be told apart.
const refused = ({ parts }: Inspection): string =>
  parts
    .map(({ name, part }, index) =>
      part.nulls === 'distinct'
        ? `WHEN once_k${index} IS NULL THEN ${quoteLiteral(`${name}: NULL equals nothing`)}`
        : '',
    )
    .join(' ')

/**
 * Each unit of an input with its canonical key, its hash, its fault, and the first unit with the
 * same key; `once_hash` is set where the unit can be claimed. OFFSET 0 keeps what is computed here
 * from being computed again wherever it is read.
 */
export const hashedUnits = (inspection: Inspection, input: Input): Sql => {
  const fault = `CASE ${refused(inspection)} ELSE once_fault END`
  const checked = refused(inspection).trim() === '' ? 'once_fault' : fault
  return sql`
  SELECT ranked.*, CASE WHEN once_wrong IS NULL AND once_ord = once_first
    THEN ${sql.raw(hashOf(inspection))} END AS once_hash
  FROM (SELECT inner_ranked.*, ${sql.raw(checked)} AS once_wrong
    FROM (${rankedRows(anywhere(inspection), input)}) AS inner_ranked) AS ranked OFFSET 0`
}

/** The hash of each key of an input, in hex; null where the key is at fault or stands twice. */
export const selectHashes = (inspection: Inspection, input: Input): Sql => sql`
  SELECT encode(once_hash, 'hex') AS hash FROM (${hashedUnits(inspection, input)}) AS hashed
  ORDER BY once_ord`

/** Each hashed unit beside the row that stands for its key, and whether that is unfinished. */
export const standingRows = (inspection: Inspection, hashed: Sql): Sql => {
  const { table, parts, copies, guard } = inspection
  const matches = parts.map(({ encoding, part }, index) =>
    equal(encoding.indexed, `hashed.once_k${index}`, part.nulls === 'equal'),
  )
  const columns = renamed('once_f', identity(inspection))
  return sql`
  SELECT hashed.*, found.* FROM (${hashed}) AS hashed
  ${sql.raw(`LEFT JOIN LATERAL (
    SELECT true AS once_met, (${guard.unfinished ?? 'false'}) IS TRUE AS once_unfinished,
      ${columns.join(', ')}
    FROM ${table.quoted} AS once_table
    WHERE hashed.once_hash IS NOT NULL AND (${guard.where ?? 'true'}) AND ${matches.join(' AND ')}
    ${copies ? `ORDER BY ${copies.quoted}` : ''} LIMIT 1) AS found ON true`)}`
}
