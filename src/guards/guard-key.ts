import type { Session } from '../postgres/session.ts'
import type { Guard } from './guard.ts'
import type { InspectedPart } from './part.ts'
import type { GuardKey } from './shadow.ts'
import type { Table } from './table.ts'
import { inWords, type KeyItem } from './unique-index.ts'

const label = ({ name, part }: InspectedPart): string => {
  if (part.kind === 'expression') return part.sql
  if (part.kind === 'set') return `set ${name}`
  const forms = [part.form.trim && 'trimmed', part.form.fold && 'folded'].filter(Boolean)
  return [...forms, name].join(' ')
}

/** The key of a guard in PostgreSQL's words. */
export async function guardKey(
  session: Session,
  guard: Guard,
  table: Table,
  parts: readonly InspectedPart[],
): Promise<GuardKey> {
  const where = guard.where === undefined ? [] : [guard.where]
  const indexed = parts.map(({ encoding }) => encoding.indexed)
  const words =
    (await inWords(session, table, [...indexed, ...where])) ??
    // The functions of a set part may not have been made yet.
    (await inWords(session, table, [...parts.map(({ encoding }) => encoding.inline), ...where]))
  const items = parts.map((part, place): KeyItem => {
    const { column, columns, encoding } = part
    const plain = encoding.indexed === column?.quoted
    return {
      words: plain ? JSON.stringify(column.name) : (words?.[place] ?? encoding.indexed),
      column: plain ? column.name : undefined,
      columns: columns.map(({ name }) => name),
      label: label(part),
    }
  })
  const { copies } = guard
  const copy = { words: JSON.stringify(copies), column: copies, columns: [], label: copies ?? '' }
  return {
    items: copies === undefined ? items : [...items, { ...copy, columns: [copies] }],
    bound: words?.[parts.length] ?? guard.where ?? '',
    parts,
  }
}
