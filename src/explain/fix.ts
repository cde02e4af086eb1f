import type { Table } from '../guards/table.ts'
import type { CauseName } from './explanation.ts'
import type { Facts } from './facts.ts'
import { catchingUp, dropping, requiring, skippingInsert } from './queries.ts'

function throughUs({ constraint, guarded }: Facts, table: Table): string {
  const guard = guarded?.inspection.guard.name
  const ours =
    guard === undefined
      ? []
      : [`once.insertOne(guard, row) of the guard ${guard} skips what stands and gives it back`]
  const inSql = constraint ? [skippingInsert(table.quoted, constraint)] : []
  return `Have the database decide: ${[...ours, ...inSql].join('; in SQL: ')}.`
}

// Not one of the causes: a number that the database draws by itself and that was given by hand.
function sequenceBehind({ constraint }: Facts, table: Table): string {
  const [part, ...others] = constraint?.parts ?? []
  const column = part?.column ? table.columns.get(part.column) : undefined
  if (!column || others.length > 0 || !column.default.startsWith('nextval(')) return ''
  const ddl = catchingUp(table.quoted, column.name)
  return `Where the database numbers ${column.name} itself, its sequence is behind: ${ddl} Else: `
}

function overlapping({ standing }: Facts): string {
  const met = standing ? ` beside the row ${JSON.stringify(standing.id)}` : ''
  return `Choose a range that does not overlap${met}, or move that row first.`
}

function missing({ missing: parts }: Facts, table: Table): string {
  const columns = parts.map(({ column }) => column)
  const ddl = columns.map((column) => requiring(table.quoted, column))
  const what = columns.join(', ') || 'every part of the key'
  return `Send ${what} with every row. Then, once no row lacks it: ${ddl.join(' ')}`
}

function fallback({ standIns, guarded }: Facts): string {
  return standIns
    .map(({ column, value, likelihood }) => {
      const text = JSON.stringify(value)
      const find = `Find what writes ${text} where ${column} is missing, and pass the true one on.`
      const declare = `Declare ${column}: text({ forbid: [${text}] }), so that it is refused.`
      return likelihood === 'certain' || !guarded ? find : `${find} ${declare}`
    })
    .join(' ')
}

function narrower({ constraint, guarded }: Facts, table: Table): string {
  if (!constraint) return ''
  const key = guarded ? `the guard ${guarded.inspection.guard.name}` : 'the wider index'
  const ddl = dropping(table.quoted, constraint.schema, constraint.name, constraint.bare)
  return `Drop it where ${key} says what one row is: ${ddl}`
}

// The words of a cause by which nothing is lost.
const harmless = (says: string, facts: Facts, table: Table): string =>
  `${sequenceBehind(facts, table)}${says} ${throughUs(facts, table)}`

/** What to do about a duplicate of this cause, with the code or the SQL. */
export function fixFor(cause: CauseName, facts: Facts, table: Table): string {
  switch (cause) {
    case 'overlapping_ranges':
      return overlapping(facts)
    case 'missing_key_part':
      return missing(facts, table)
    case 'fallback_value':
      return fallback(facts)
    case 'narrower_constraint':
      return narrower(facts, table)
    case 'repeated_in_input':
      return `Send each key once. ${throughUs(facts, table)}`
    case 'lost_race':
      return harmless('Nothing is lost: the other row stands.', facts, table)
    case 'retry_of_done_work':
      return harmless('Nothing is left to do: the row stands.', facts, table)
  }
}
