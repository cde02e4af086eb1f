import { type Column, columnsNamed } from '../../guards/table.ts'
import { inWords, type KeyedIndex } from '../../guards/unique-index.ts'
import type { Session } from '../../postgres/session.ts'
import type { Candidate, Idea } from './candidate.ts'
import { type Condition, conditionsOf, presence } from './condition.ts'
import { ideasOf } from './ideas.ts'
import { partOf } from './part.ts'
import { isDated } from './roles.ts'
import { holds, indexesOf } from './standing.ts'
import type { Subject } from './subject.ts'

const MOST_PARTS = 8

// What the rows need all the same, whatever an index can hold.
function obstacleOf({ table }: Subject, columns: readonly Column[]): string | undefined {
  if (table.inherited) return 'Other tables inherit from it, and an index binds each table alone.'
  const { partitionKey } = table
  if (partitionKey === undefined) return undefined
  const names = columns.map(({ name }) => name)
  const missing = columnsNamed(table, partitionKey.replace(/^[^(]*/, '')).filter(
    ({ name }) => !names.includes(name),
  )
  if (missing.length === 0) return undefined
  return (
    `No index can hold it: the table is partitioned by ${partitionKey}, and the key lacks ` +
    `${missing.map(({ name }) => name).join(', ')}.`
  )
}

const WITHOUT_INDEX = 0.7

function candidateOf(subject: Subject, idea: Idea): Candidate {
  const { columns, prior, why, without, binds = 'counting' } = idea
  const lasting = binds === 'present' || columns.some(isDated)
  const counting = binds === 'all' ? [] : conditionsOf(subject, columns, lasting, binds)
  const there: readonly Condition[] = columns
    .filter(({ name }) => subject.facts.get(name)?.nulls)
    .map((each) => presence(subject, each, true))
  const absent = without ? [presence(subject, without, false)] : []
  const conditions = [...counting, ...there, ...absent]
  const obstacle = obstacleOf(subject, columns)
  const whys = [why, ...conditions.map((each) => each.why), ...(obstacle ? [obstacle] : [])]
  return {
    parts: columns.map((each) => partOf(subject, each)),
    conditions,
    prior: obstacle ? prior * WITHOUT_INDEX : prior,
    why: [...new Set(whys)],
  }
}

// An index that somebody tried to build and could not says best what the key is.
const attempted = (subject: Subject): readonly Idea[] =>
  indexesOf(subject).flatMap((each) => {
    const columns = each.items.flatMap(
      ({ column }) => (column === undefined ? undefined : subject.table.columns.get(column)) ?? [],
    )
    if (holds(each) || columns.length < each.items.length) return []
    const { name, valid } = each.index
    const why = valid
      ? `The unique constraint ${name} is deferrable: ON CONFLICT cannot use it.`
      : `The unique index ${name} is invalid: somebody wanted this key and could not have it.`
    return [{ columns, prior: 0.95, why, binds: 'all' }]
  })

const identity = ({ parts, conditions }: Candidate): string =>
  JSON.stringify([parts.map(({ name }) => name).sort(), conditions.map(({ sql }) => sql).sort()])

// PostgreSQL's words of a predicate as a set of conditions, but those that parts are there: a
// unique index does not bind rows without a part anyway.
const conjuncts = (predicate: string, key: ReadonlySet<string>): string =>
  predicate
    .split(' AND ')
    .map((each) => each.replaceAll(/[()"]/g, '').replaceAll(/^[^.\s]+\./g, ''))
    .filter((each) => !(each.endsWith(' IS NOT NULL') && key.has(each.slice(0, -12))))
    .sort()
    .join(' AND ')

/** Where the keys of a table are held already, so that no wider key says more. */
class Held {
  readonly #indexes: readonly KeyedIndex[]
  readonly #words: ReadonlyMap<string, string>

  constructor(indexes: readonly KeyedIndex[], words: ReadonlyMap<string, string>) {
    this.#indexes = indexes
    this.#words = words
  }

  has({ parts, conditions }: Candidate): boolean {
    const names = new Set(parts.map(({ name }) => name))
    const where = conditions.map(({ sql }) => this.#words.get(sql) ?? sql).join(' AND ')
    return this.#indexes.some(({ items, bound }) => {
      const own = new Set(items.flatMap(({ columns }) => columns))
      return (
        [...own].every((name) => names.has(name)) &&
        (bound === '' || conjuncts(bound, own) === conjuncts(where, own))
      )
    })
  }
}

async function heldBy(session: Session, subject: Subject, candidates: readonly Candidate[]) {
  const partial = subject.indexes.some(({ bound }) => bound !== '')
  const all = partial
    ? candidates.flatMap(({ conditions }) => conditions.map(({ sql }) => sql))
    : []
  const distinct = [...new Set(all)]
  const said = await inWords(session, subject.table, distinct)
  const words = new Map(distinct.map((each, at) => [each, said?.[at] ?? each]))
  return new Held(subject.indexes.filter(holds), words)
}

/**
 * The keys that a table may have and that no unique index holds, the likeliest first.
 *
 * @param most how many at most
 */
export async function candidatesOf(
  session: Session,
  subject: Subject,
  most: number,
): Promise<readonly Candidate[]> {
  const ideas = [...attempted(subject), ...ideasOf(subject)].filter(
    ({ columns }) => columns.length <= MOST_PARTS,
  )
  const all = ideas.map((each) => candidateOf(subject, each))
  const distinct = [...new Map(all.toReversed().map((each) => [identity(each), each])).values()]
  const held = await heldBy(session, subject, distinct)
  return distinct
    .toReversed()
    .filter((each) => !held.has(each))
    .slice(0, most)
}
