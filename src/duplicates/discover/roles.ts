import type { Column } from '../../guards/table.ts'
import * as names from './names.ts'
import type { Reference, Subject } from './subject.ts'

/** What the columns of a table seem to be there for. */
export interface Roles {
  /** Whose the row is: references that make up what it is. */
  readonly owners: readonly Column[]
  /** References that another reference decides already: the branch of the student. */
  readonly scopes: readonly Column[]
  /** References to what the row was made from. */
  readonly sources: readonly Column[]
  /** Dates, times, moments and words for a period. */
  readonly periods: readonly Column[]
  readonly numbers: readonly Column[]
  readonly kinds: readonly Column[]
  /** Sets of days. */
  readonly days: readonly Column[]
  readonly tokens: readonly Column[]
  readonly addresses: readonly Column[]
  readonly codes: readonly Column[]
  /** Names of something else: of the job, of the service. */
  readonly titles: readonly Column[]
  /** What is left: what the row says, and not what it is. */
  readonly rest: readonly Column[]
  readonly copies: Column | undefined
}

const TIMES = new Set(['time', 'timetz'])
const MOMENTS = new Set(['timestamp', 'timestamptz'])
const INTEGERS = new Set(['int2', 'int4', 'int8'])

const isPeriod = ({ name, base, textual, isEnum }: Column): boolean => {
  if (names.isAudit(name)) return MOMENTS.has(base) && names.isMoment(name)
  if (base === 'date' || TIMES.has(base)) return true
  if (MOMENTS.has(base)) return names.isMoment(name)
  return (textual || isEnum || INTEGERS.has(base)) && names.isPeriod(name)
}

/** True where a column has a calendar in it: a key with it does not come again later. */
export const isDated = ({ name, base, collection }: Column): boolean =>
  base === 'date' ||
  MOMENTS.has(base) ||
  (!TIMES.has(base) && !collection && /month|year|week|quarter/i.test(name))

/** The references that another one decides, since its table must refer to the same thing. */
const isScope = ({ target, column }: Reference, all: readonly Reference[]): boolean =>
  all.some(
    (other) =>
      other.column !== column &&
      other.target !== target &&
      other.onward.some((each) => each.target === target && each.notNull),
  )

/** Whatever shares two of its references with the row is the pattern that the row was made from. */
const isPattern = ({ onward, column }: Reference, all: readonly Reference[]): boolean => {
  const shared = new Set(all.filter((each) => each.column !== column).map((each) => each.target))
  return new Set(onward.map(({ target }) => target).filter((each) => shared.has(each))).size >= 2
}

const isPayload = ({ name }: Column): boolean =>
  ![...[names.isAudit, names.isActor, names.isGoneFlag, names.isGoneTime, names.isLiveFlag]].some(
    (fits) => fits(name),
  )

type Place = 'owners' | 'scopes' | 'sources'

function placeOf(subject: Subject, column: Column): Place | undefined {
  const { references, table } = subject
  const { name, base, notNull } = column
  const reference = references.find((each) => each.column === name)
  if (names.isActor(name)) return undefined
  if (!reference) {
    // Where there are foreign keys, a text without one is a name that somebody else gave.
    const isKey =
      base === 'uuid' || INTEGERS.has(base) || (column.textual && references.length === 0)
    return isKey && names.isId(name) && !names.isToken(name) ? 'owners' : undefined
  }
  if (reference.target === table.oid) return undefined
  const others = references.filter(({ target }) => target !== table.oid)
  if (isPattern(reference, others)) return 'sources'
  if (!notNull && names.isSource(name) && others.length > 1) return 'sources'
  const owners = others.filter((each) => !isPattern(each, others))
  return isScope(reference, owners) ? 'scopes' : 'owners'
}

/** Tells from names, types and foreign keys what each column of a table is there for. */
export function rolesOf(subject: Subject): Roles {
  const { table } = subject
  const alone = table.primaryKey.length === 1 ? table.primaryKey[0]?.name : undefined
  const all = [...table.columns.values()].filter(({ name, virtual }) => name !== alone && !virtual)
  const copies = all.find(({ name, base }) => names.isCopies(name) && INTEGERS.has(base))
  const columns = all.filter((each) => each !== copies && !subject.facts.get(each.name)?.empty)
  const places = new Map(columns.map((each) => [each, placeOf(subject, each)]))
  const at = (place: Place) => columns.filter((each) => places.get(each) === place)
  // A column has one role: the first that fits.
  const taken = new Set(columns.filter((each) => places.get(each) !== undefined))
  const take = (fits: (column: Column) => boolean) => {
    const found = columns.filter((each) => !taken.has(each) && fits(each))
    for (const each of found) taken.add(each)
    return found
  }
  const isName = ({ textual, base }: Column) => textual || INTEGERS.has(base) || base === 'uuid'
  return {
    owners: at('owners'),
    scopes: at('scopes'),
    sources: at('sources'),
    tokens: take(
      ({ name, textual, ...each }) =>
        isName({ name, textual, ...each }) &&
        (names.isToken(name) || (textual && names.isId(name) && !names.isActor(name))),
    ),
    addresses: take((each) => each.textual && names.isAddress(each.name)),
    days: take((each) => each.collection !== undefined && names.isDays(each.name)),
    periods: take(isPeriod),
    numbers: take(({ name, base }) => INTEGERS.has(base) && names.isNumber(name)),
    kinds: take(({ name, textual, isEnum }) => (textual || isEnum) && names.isKind(name)),
    codes: take((each) => each.textual && names.isCode(each.name)),
    titles: take(({ name, textual }) => textual && names.isTitle(name)),
    rest: columns.filter((each) => !taken.has(each) && isPayload(each)),
    copies,
  }
}
