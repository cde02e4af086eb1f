import type { InspectedPart } from './part.ts'
import type { KeyedIndex, KeyItem } from './unique-index.ts'

/**
 * A unique index that looks like the guard and is not. `narrower`: it rejects rows that the guard
 * allows. `wider`: it admits duplicates of the guard's key. `partial`: it is on the key, and binds
 * only some of the guard's rows. `unusable`: it stands for the key, and ON CONFLICT cannot use it.
 */
export interface Shadow {
  readonly name: string
  readonly kind: 'narrower' | 'wider' | 'partial' | 'unusable'
  readonly definition: string
  /** What it does, after its name: `rejects rows that differ in school_id only`. */
  readonly why: string
}

/** The key of a guard as an index would hold it. */
export interface GuardKey {
  readonly items: readonly KeyItem[]
  /** Its `where` in PostgreSQL's words; empty where there is none. */
  readonly bound: string
  readonly parts: readonly InspectedPart[]
}

type Fault = Pick<Shadow, 'kind' | 'why'>

// Whether rows with equal values of a key have an equal value of this item.
const settles = (key: readonly KeyItem[], item: KeyItem): boolean =>
  key.some(({ words }) => words === item.words) ||
  (item.column === undefined &&
    item.columns.every((name) => key.some(({ column }) => column === name)))

/** How the key of an index stands to that of a guard; undefined where neither settles the other. */
export function relation(
  index: readonly KeyItem[],
  guard: readonly KeyItem[],
): 'same' | 'narrower' | 'wider' | undefined {
  const narrower = index.every((item) => settles(guard, item))
  const wider = guard.every((item) => settles(index, item))
  if (narrower && wider) return 'same'
  if (narrower) return 'narrower'
  return wider ? 'wider' : undefined
}

const unlike = (one: readonly KeyItem[], other: readonly KeyItem[]): string =>
  one
    .filter(({ words }) => !other.some((each) => each.words === words))
    .map(({ label }) => label)
    .join(', ')

// Where one key has fewer columns they say the difference, else its expressions do.
function difference(more: readonly KeyItem[], fewer: readonly KeyItem[]): string {
  const known = new Set(fewer.flatMap(({ columns }) => columns))
  const columns = new Set(more.flatMap((item) => item.columns).filter((name) => !known.has(name)))
  return columns.size > 0
    ? `rows that differ in ${[...columns].join(', ')} only`
    : `rows whose ${unlike(more, fewer)} differ while their ${unlike(fewer, more)} is the same`
}

function collationFault({ items }: KeyedIndex): Fault | undefined {
  const item = items.find(({ collation }) => collation !== undefined)
  if (!item?.collation) return undefined
  const { name, deterministic } = item.collation
  return deterministic
    ? {
        kind: 'wider',
        why: `tells apart texts of ${item.label}, by collation ${name}, that the column does not`,
      }
    : {
        kind: 'narrower',
        why: `rejects texts of ${item.label} that only collation ${name} finds equal`,
      }
}

function nullsFault({ index }: KeyedIndex, parts: readonly InspectedPart[]): Fault | undefined {
  for (const { part, column, name } of parts) {
    if (column?.notNull) continue
    if (part.nulls === 'equal' && !index.nullsNotDistinct) {
      return { kind: 'wider', why: `admits repeated NULL in ${name}` }
    }
    if (part.nulls === 'distinct' && index.nullsNotDistinct) {
      return { kind: 'narrower', why: `rejects repeated NULL in ${name}` }
    }
  }
  return undefined
}

/** Why an index on the key of a guard does not mean what the guard means. */
export const meaningFault = (index: KeyedIndex, guard: GuardKey): Fault | undefined =>
  collationFault(index) ?? nullsFault(index, guard.parts)

function sameFault(keyed: KeyedIndex, guard: GuardKey): Fault {
  const fault = meaningFault(keyed, guard)
  if (fault) return fault
  const { index, bound } = keyed
  if (index.predicate !== undefined && bound !== guard.bound) {
    return { kind: 'partial', why: `binds only rows WHERE ${index.predicate}` }
  }
  const why = index.immediate
    ? 'stands for the same key in other words: ON CONFLICT does not find it'
    : 'is deferrable: ON CONFLICT cannot use it'
  return { kind: 'unusable', why }
}

const withoutParentheses = (text: string): string => {
  const [, inner] = /^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/.exec(text) ?? []
  return inner ?? text
}

const conditionsOf = (bound: string): readonly string[] =>
  withoutParentheses(bound)
    .split(/ AND (?=\()/)
    .map(withoutParentheses)

// The conditions of a predicate but those that a part is not NULL: such rows meet no others.
function conditions(bound: string, { items }: GuardKey): string {
  const names = items.flatMap(({ column }) => column ?? [])
  const known = new Set(names.flatMap((name) => [`${name} IS NOT NULL`, `"${name}" IS NOT NULL`]))
  return conditionsOf(bound)
    .filter((condition) => condition !== '' && !known.has(condition))
    .sort()
    .join(' AND ')
}

const ABSENT = / IS NULL$/

// Whether no row meets both predicates, for one asks for a NULL where the other asks for none.
function exclude(one: string, other: string): boolean {
  const [ours, theirs] = [conditionsOf(one), conditionsOf(other)]
  const denies = (some: readonly string[], others: readonly string[]) =>
    some.some((each) => ABSENT.test(each) && others.includes(each.replace(ABSENT, ' IS NOT NULL')))
  return denies(ours, theirs) || denies(theirs, ours)
}

/**
 * Whether an index that stands for a guard binds rows outside the guard's `where` too. The words
 * are compared: which of two predicates is the weaker one, PostgreSQL does not say.
 */
export const bindsMore = ({ index, bound }: KeyedIndex, guard: GuardKey): boolean =>
  index.nullsNotDistinct
    ? bound !== guard.bound
    : conditions(bound, guard) !== conditions(guard.bound, guard)

function faultOf(keyed: KeyedIndex, guard: GuardKey, covering: boolean): Fault | undefined {
  const { index, items } = keyed
  if (covering) {
    if (!bindsMore(keyed, guard)) return undefined
    const rows = index.predicate === undefined ? 'every row' : `all rows WHERE ${index.predicate}`
    return { kind: 'narrower', why: `binds ${rows}, also those outside the guard’s where` }
  }
  const where = index.predicate === undefined ? '' : ` (WHERE ${index.predicate})`
  switch (relation(items, guard.items)) {
    case 'narrower':
      return { kind: 'narrower', why: `rejects ${difference(guard.items, items)}${where}` }
    case 'wider':
      return { kind: 'wider', why: `admits ${difference(items, guard.items)}${where}` }
    case 'same':
      return sameFault(keyed, guard)
    default:
      return undefined
  }
}

/**
 * How an index shadows a guard; undefined where it does not.
 *
 * @param covering true where the index enforces the guard
 */
export function shadowOf(
  keyed: KeyedIndex,
  guard: GuardKey,
  covering: boolean,
): Shadow | undefined {
  // An index that binds no row of the guard neither rejects nor admits one.
  if (exclude(keyed.bound, guard.bound)) return undefined
  const fault = faultOf(keyed, guard, covering)
  const { index } = keyed
  return fault && { name: index.name, definition: index.definition, ...fault }
}
