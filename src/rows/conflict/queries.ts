import { indexKey } from '../../guards/coverage.ts'
import type { Guard } from '../../guards/guard.ts'
import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import type { Statement } from '../statement.ts'

// A system column cannot be asked of a partitioned table: there the update leaves a mark instead,
// which the next row's RETURNING compares with the row at hand.
const MARK = quoteLiteral('onceover.replaced')

const identityText = ({ table }: Inspection): string => {
  const columns = table.primaryKey.map(({ quoted }) => `once_table.${quoted}`)
  return `json_build_array(${columns.join(', ')})::text`
}

/** Whether a row of RETURNING stood before, so that it was replaced. */
export const wasReplaced = (inspection: Inspection): string =>
  inspection.table.partitioned
    ? `coalesce(current_setting(${MARK}, true), '') = ${identityText(inspection)}`
    : 'xmax <> 0'

const ofExcluded = (expression: string): string =>
  `(SELECT ${expression} FROM (SELECT EXCLUDED.*) AS once_excluded)`

// Which rows left a column out is known of the input only, where a row is found by its key.
const leftOut = ({ parts }: Inspection, place: number): string => {
  const keys = parts.map(({ encoding }) => ofExcluded(encoding.indexed))
  const names = parts.map((_, index) => `once_k${index}`)
  const rows = `FROM met
    WHERE ${place} = ANY(once_missing) AND once_bound AND once_ord = once_first`
  if (parts.every(({ part }) => part.nulls !== 'equal')) {
    return `(${keys.join(', ')}) IN (SELECT ${names.join(', ')} ${rows})`
  }
  const same = names.map((name, index) => `met.${name} IS NOT DISTINCT FROM ${keys[index]}`)
  return `EXISTS (SELECT ${rows} AND ${same.join(' AND ')})`
}

// A column that an update may set to itself: not its identity, which the database may keep.
const touchable = ({ table, parts }: Inspection): Column | undefined =>
  [...parts.flatMap(({ column }) => column ?? []), ...table.columns.values()].find(
    ({ generated, identity }) => !generated && identity !== 'a',
  )

// What a row leaves out stays as it is; its primary key stays whatever it says.
const assignments = ({ inspection, input }: Omit<Statement, 'audit'>): string[] => {
  const { table } = inspection
  const own = new Set(table.primaryKey)
  const set = input.columns.flatMap((column, place): [quoted: string, value: string][] => {
    if (own.has(column)) return []
    const { quoted } = column
    const value = input.partial.has(column)
      ? `CASE WHEN ${leftOut(inspection, place)} THEN once_table.${quoted}
          ELSE EXCLUDED.${quoted} END`
      : `EXCLUDED.${quoted}`
    return [[quoted, value]]
  })
  const touched = touchable(inspection)?.quoted ?? table.primaryKey[0]?.quoted ?? ''
  const [first = [touched, `once_table.${touched}`], ...others] = set
  const mark = `set_config(${MARK}, ${identityText(inspection)}, true)`
  const marked = table.partitioned ? `CASE WHEN ${mark} <> '' THEN ${first[1]} END` : first[1]
  return [[first[0], marked], ...others].map(([quoted, value]) => `${quoted} = ${value}`)
}

// PostgreSQL also takes an index that binds more rows than the guard, and would overwrite a row
// that is none of the guard's, or one of the guard's with a row that is not.
const bothBound = ({ where }: Guard): string =>
  where === undefined
    ? ''
    : ` WHERE (SELECT (${where}) FROM (SELECT once_table.*) AS once_standing)
      AND ${ofExcluded(`(${where})`)}`

/** What becomes of a row whose key another row has: nothing, or that row takes the new values. */
export const conflictAction = (statement: Omit<Statement, 'audit'>): string => {
  const { guard, table, parts } = statement.inspection
  const target = `(${indexKey(guard, table, parts).join(', ')})`
  const where = guard.where ? ` WHERE ${guard.where}` : ''
  return statement.policy === 'replace'
    ? `ON CONFLICT ${target}${where}
      DO UPDATE SET ${assignments(statement).join(', ')}${bothBound(guard)}`
    : `ON CONFLICT ${target}${where} DO NOTHING`
}
