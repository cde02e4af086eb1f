import type { Column } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import * as names from './names.ts'
import type { ColumnFacts, Subject } from './subject.ts'

/** One condition of a proposed `where`. */
export interface Condition {
  readonly sql: string
  /** The column it is about. */
  readonly column: string
  readonly why: string
}

const factsOf = ({ facts }: Subject, { name }: Column): ColumnFacts =>
  facts.get(name) ?? {
    sql: name,
    values: [],
    closed: false,
    nulls: true,
    empty: false,
    distinct: undefined,
  }

const condition = (column: Column, sql: string, why: string): Condition => ({
  column: column.name,
  sql,
  why,
})

// The text of 'draft'::text; undefined for any other expression.
const textOf = (expression: string): string | undefined =>
  /^'((?:[^']|'')*)'(?:::|$)/.exec(expression)?.[1]?.replaceAll("''", "'")

const listed = (values: readonly string[]): string => values.map(quoteLiteral).join(', ')

/**
 * The rows that are in none of the dead states. The living ones are named only where they are all
 * known: a state that no row has yet counts too. So does no state at all.
 */
function outOf(subject: Subject, column: Column, dead: readonly string[]): string {
  const { values, closed, sql } = factsOf(subject, column)
  if (!column.notNull) {
    return dead.map((each) => `${sql} IS DISTINCT FROM ${quoteLiteral(each)}`).join(' AND ')
  }
  const counting = values.filter((each) => !dead.includes(each))
  const [one, several, all] = closed ? ['=', 'IN', counting] : ['<>', 'NOT IN', dead]
  return all.length === 1 ? `${sql} ${one} ${listed(all)}` : `${sql} ${several} (${listed(all)})`
}

const eitherOf = (values: readonly string[]): string =>
  [values.slice(0, -1).join(', '), ...values.slice(-1)].filter((each) => each !== '').join(' or ')

function inState(subject: Subject, column: Column, lasting: boolean): Condition | undefined {
  const { values } = factsOf(subject, column)
  const first = textOf(column.default)
  // A row that only just begins cannot be at its end.
  const dead = values.filter(
    (each) => each !== first && (names.isGoneState(each) || (!lasting && names.isDoneState(each))),
  )
  if (dead.length === 0 || dead.length === values.length) return undefined
  const rows = `Rows whose ${column.name} is ${eitherOf(dead)}`
  return condition(
    column,
    outOf(subject, column, dead),
    lasting
      ? `${rows} no longer count: left out.`
      : `${rows} are over, and left out: the key may come again.`,
  )
}

function* byFlag(subject: Subject, column: Column): Generator<Condition> {
  const { name, base, notNull } = column
  if (base !== 'bool') return
  const { sql } = factsOf(subject, column)
  if (names.isGoneFlag(name)) {
    const test = notNull ? `${sql} = false` : `${sql} IS NOT TRUE`
    yield condition(column, test, `Rows with ${name} no longer count.`)
  }
  if (names.isLiveFlag(name)) {
    yield condition(column, `${sql} = true`, `Rows without ${name} no longer count.`)
  }
}

function* byTime(subject: Subject, column: Column, lasting: boolean): Generator<Condition> {
  const { name, base, notNull } = column
  if (notNull || !/^(date|timestamp)/.test(base)) return
  if (!names.isGoneTime(name) && (lasting || !names.isEndTime(name))) return
  yield condition(
    column,
    `${factsOf(subject, column).sql} IS NULL`,
    `Rows with a ${name} no longer count.`,
  )
}

/**
 * The conditions under which a row counts: not cancelled, not deleted, in a state that lasts.
 *
 * @param key the columns of the key, which need no condition of their own
 * @param lasting true where the key has a date in it, so that a finished row keeps its key; else a
 * finished row makes room for the next
 * @param binds `present` where the state of a row does not matter
 */
export function conditionsOf(
  subject: Subject,
  key: readonly Column[],
  lasting: boolean,
  binds: 'present' | 'counting',
): readonly Condition[] {
  const columns = [...subject.table.columns.values()].filter((each) => !key.includes(each))
  const plain = columns.flatMap((each) => [
    ...byFlag(subject, each),
    ...byTime(subject, each, lasting),
  ])
  // A flag or a time says it already, where the state has a word for it too.
  const said = binds === 'present' || (plain.length > 0 && lasting)
  const states = said
    ? []
    : columns.flatMap((each) =>
        names.isState(each.name) ? (inState(subject, each, lasting) ?? []) : [],
      )
  return [...plain, ...states.slice(0, 1)]
}

/** That a part is there, or is not, where some rows have NULL in it. */
export const presence = (subject: Subject, column: Column, there: boolean): Condition =>
  condition(
    column,
    `${factsOf(subject, column).sql} IS ${there ? 'NOT NULL' : 'NULL'}`,
    there
      ? `Rows without ${column.name} are another kind, which this key does not bind.`
      : `Of the rows without ${column.name}.`,
  )
