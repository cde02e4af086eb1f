import type { Inspection } from '../../guards/inspect.ts'
import { callsNullsEqual, conflictClause } from './queries.ts'

function* notes(inspection: Inspection): Generator<string> {
  const { guard, copies, table } = inspection
  yield `The end of an INSERT into ${table.name} that the guard ${guard.name} decides.`
  yield 'A row whose key is there is skipped; DO UPDATE SET … in place of DO NOTHING replaces it.'
  if (guard.where) yield 'The WHERE belongs to the key: it names the rows that the index binds.'
  if (copies) yield `An original has ${copies.name} = 0; any other value is an allowed copy.`
  if (callsNullsEqual(inspection)) yield 'The index calls NULLs equal, and so does this clause.'
  const open = inspection.parts.filter(
    ({ part, column }) => part.nulls !== 'equal' && column && !column.notNull,
  )
  if (open.length > 0 && !callsNullsEqual(inspection)) {
    yield `A row with NULL in ${open.map(({ name }) => name).join(', ')} conflicts with none.`
  }
}

// A name may hold a line end, which would end the comment.
const comment = (text: string): string => `-- ${text.replaceAll(/[\r\n]+/g, ' ')}`

/** The clause of an INSERT that makes the guard's index decide, with what to know about it. */
export const conflictText = (inspection: Inspection): string =>
  [...[...notes(inspection)].map(comment), conflictClause(inspection)].join('\n')
