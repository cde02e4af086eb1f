import { type ExpressionPart, expression, text } from '../../core/key-part.ts'
import { refuseFragment } from '../../core/sql-fragment.ts'
import type { Column } from '../../guards/table.ts'
import type { KeyedIndex, KeyItem } from '../../guards/unique-index.ts'
import { type ProposedPart, partOf } from './part.ts'
import type { Subject } from './subject.ts'
import { quoted } from './typescript.ts'

const isPrimary = ({ table }: Subject, { index, items }: KeyedIndex): boolean =>
  index.predicate === undefined &&
  items.length === table.primaryKey.length &&
  items.every(({ column }) => table.primaryKey.some(({ name }) => name === column))

/** Whether an index holds its key against every writer, as far as its rows are concerned. */
export const holds = ({ index }: KeyedIndex): boolean => index.valid && index.immediate

/** The unique indexes of a table beside its primary key. */
export const indexesOf = (subject: Subject): readonly KeyedIndex[] =>
  subject.indexes.filter((each) => !isPrimary(subject, each))

const ONCEOVER_SET = /(^|\.)onceover_set\([^()]*\)$/

const freeName = (label: string): string =>
  label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '') || 'expression'

// The index stands on the column as it is, and calls NULLs equal or not.
function onColumn(subject: Subject, column: Column, nullsEqual: boolean): ProposedPart {
  const found = partOf(subject, column)
  const plain = found.part.form.fold ? { ...found, part: text(), code: 'text()' } : found
  if (!nullsEqual || column.notNull) return plain
  const { kind } = plain.part
  const name = kind === 'oneOf' ? 'column' : kind
  return { ...plain, code: `${name}({ nulls: 'equal' })` }
}

function partFor(subject: Subject, item: KeyItem, { index }: KeyedIndex): ProposedPart | undefined {
  const name = item.column ?? (ONCEOVER_SET.test(item.label) ? item.columns[0] : undefined)
  const column = name === undefined ? undefined : subject.table.columns.get(name)
  if (column) return onColumn(subject, column, index.nullsNotDistinct)
  if (refuseFragment(item.label) !== undefined) return undefined
  const part: ExpressionPart = expression(item.label)
  return { name: freeName(item.label), part, code: `expression(${quoted(item.label)})`, column }
}

/**
 * The key of a unique index as the parts of a guard. Undefined where no guard can say it.
 *
 * @param copies name of the column that numbers copies, which is no part
 */
export function partsOf(
  subject: Subject,
  keyed: KeyedIndex,
  copies: string | undefined,
): readonly ProposedPart[] | undefined {
  const parts = keyed.items
    .filter(({ column }) => column === undefined || column !== copies)
    .map((each) => partFor(subject, each, keyed))
  const known = parts.filter((each) => each !== undefined)
  const names = new Set(known.map(({ name }) => name))
  return known.length === parts.length && names.size === known.length && known.length > 0
    ? known
    : undefined
}
