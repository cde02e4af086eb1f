import {
  column as anyColumn,
  date,
  int,
  type KeyPart,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from '../../core/key-part.ts'
import type { Column } from '../../guards/table.ts'
import { encode } from '../../postgres/encoder.ts'
import { quoteIdentifier } from '../../postgres/identifier.ts'
import { isAddress } from './names.ts'
import type { Subject } from './subject.ts'
import { quoted } from './typescript.ts'

/** A part of a proposed key. */
export interface ProposedPart {
  /** The name of its column, or a free name for an expression. */
  readonly name: string
  readonly part: KeyPart
  /** The call that declares it: `text({ trim: true, fold: true })`. */
  readonly code: string
  /** The column; undefined for an expression. */
  readonly column: Column | undefined
}

const PLAIN: Readonly<Record<string, { make: () => KeyPart; kind: string }>> = {
  date: { make: date, kind: 'date' },
  time: { make: time, kind: 'time' },
  timetz: { make: time, kind: 'time' },
  timestamp: { make: timestamp, kind: 'timestamp' },
  timestamptz: { make: timestamp, kind: 'timestamp' },
  uuid: { make: uuid, kind: 'uuid' },
  int2: { make: int, kind: 'int' },
  int4: { make: int, kind: 'int' },
  int8: { make: int, kind: 'int' },
}

/** The values of `oneOf` that a declaration lists at most. */
const MOST_VALUES = 12

/** Declares a column as its type and its name suggest. */
export function partOf(subject: Subject, column: Column): ProposedPart {
  const { name, base, textual, isEnum, collection } = column
  const given = (part: KeyPart, code: string): ProposedPart => ({ name, part, code, column })
  const plain = PLAIN[base]
  if (plain) return given(plain.make(), `${plain.kind}()`)
  if (collection) return given(set(), 'set()')
  const values = subject.facts.get(name)?.values ?? []
  const isListed = values.length > 0 && values.length <= MOST_VALUES
  if (isListed && (isEnum || textual)) {
    return given(oneOf(...values), `oneOf(${values.map(quoted).join(', ')})`)
  }
  if (!textual) return given(anyColumn(), 'column()')
  if (!isAddress(name) || base === 'citext') return given(text(), 'text()')
  return given(text({ trim: true, fold: true }), 'text({ trim: true, fold: true })')
}

/** The expression that a part is counted by, without functions that may not be there yet. */
export const expressionOf = ({ table }: Subject, { part, column }: ProposedPart): string =>
  column
    ? encode(part, column, {
        functions: quoteIdentifier(table.schema),
        unicode: table.unicode,
      }).inline
    : `(${part.sql})`
