import type { Table } from '../guards/table.ts'
import type { CauseName } from './explanation.ts'
import type { Facts } from './facts.ts'
import { dropping, requiring, skippingInsert } from './queries.ts'

const onConflict = ({ constraint }: Facts, table: Table): string =>
  constraint && !constraint.exclusion
    ? skippingInsert(table.quoted, constraint.parts, constraint.predicate)
    : 'INSERT … ON CONFLICT … DO NOTHING'

const throughUs = ({ guarded }: Facts, table: Table, facts: Facts): string => {
  const name = guarded?.inspection.guard.name
  return name === undefined
    ? `Have the database decide: ${onConflict(facts, table)}`
    : `Have the database decide: once.insertOne(${name}, row) skips what stands and gives it ` +
        `back; in SQL: ${onConflict(facts, table)}`
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
      return `Send each key once. ${throughUs(facts, table, facts)}`
    case 'lost_race':
      return `Nothing is lost: the other row stands. ${throughUs(facts, table, facts)}`
    case 'retry_of_done_work':
      return `Nothing is left to do: the row stands. ${throughUs(facts, table, facts)}`
  }
}
