import type { Column } from '../../guards/table.ts'
import type { Idea } from './candidate.ts'
import { conditionsOf } from './condition.ts'
import { isEndTime, isState, isTenant } from './names.ts'
import { isDated, type Roles, rolesOf } from './roles.ts'
import type { Subject } from './subject.ts'

const named = (columns: readonly Column[]): string => {
  const all = columns.map(({ name }) => name)
  return all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

const SUBJECTS = 5

/** Whose the rows are, without references that may be there or not where there are many. */
const ownersOf = ({ owners, scopes }: Roles): readonly Column[] => {
  const all = owners.length > 0 ? owners : scopes
  const required = all.filter(({ notNull }) => notNull)
  return all.length > SUBJECTS ? required.slice(0, SUBJECTS) : all
}

const pairsOf = (columns: readonly Column[]): readonly (readonly Column[])[] =>
  columns.length === 3 ? columns.map((left) => columns.filter((each) => each !== left)) : []

/** Once for an owner and a period: the visit of a patient on a day. */
function* perPeriod(roles: Roles): Generator<Idea> {
  const { periods, days, kinds, titles, scopes, sources } = roles
  const owners = ownersOf(roles)
  const when = [...periods, ...days]
  const dates = periods.filter(isDated)
  if (when.length === 0) return
  const sure = dates.length > 0 || days.length > 0 ? 0.95 : 0.8
  const once = (whose: readonly Column[], at: readonly Column[], prior: number): Idea => ({
    columns: [...whose, ...at],
    prior,
    why: `${named(whose)} ${whose.length === 1 ? 'says' : 'say'} whose it is, ${named(at)} when.`,
  })
  if (owners.length > 0) {
    yield once(owners, when, kinds.length > 0 ? sure - 0.2 : sure)
    if (scopes.length > 0 && owners !== scopes) {
      yield once([...scopes, ...owners], when, sure - 0.04)
    }
    if (kinds.length > 0) yield once(owners, [...when, ...kinds], sure - 0.05)
    const required = owners.filter(({ notNull }) => notNull)
    if (required.length > 0 && required.length < owners.length) yield once(required, when, 0.6)
    for (const pair of pairsOf(owners)) yield once(pair, when, 0.6)
    if (dates.length > 0 && dates.length < when.length) yield once(owners, dates, 0.6)
    if (owners.length > 1) for (const each of owners) yield once([each], when, 0.4)
  }
  for (const source of sources) yield once([source], dates.length > 0 ? dates : when, 0.55)
  const what = [...kinds, ...titles]
  if (owners.length === 0 && sources.length === 0 && what.length > 0) {
    const why = `${named(what)} with ${named(when)}: one of each at a time.`
    yield { columns: [...what, ...when], prior: 0.75, why }
  }
}

/** The same without a reference that some rows do without: the class without a student. */
function* perPeriodWithout(subject: Subject, roles: Roles): Generator<Idea> {
  const owners = ownersOf(roles)
  const when = [...roles.periods, ...roles.days]
  if (when.length === 0 || owners.length < 2) return
  for (const without of owners) {
    if (!subject.facts.get(without.name)?.nulls) continue
    const columns = [...owners.filter((each) => each !== without), ...when]
    yield { columns, prior: 0.9, why: `Some rows do without ${without.name}.`, without }
  }
}

/** Whose rows a number counts: those of what it is named after, else of where they came from. */
function counted(number: Column, { owners, scopes, sources }: Roles): readonly Column[] {
  const all = [...sources, ...owners, ...scopes]
  const namesake = all.find(({ name }) => number.name.startsWith(`${name.replace(/_?id$/i, '')}_`))
  const tenant = all.find(({ name }) => isTenant(name))
  if (namesake ?? tenant) return [namesake ?? tenant].filter((each) => each !== undefined)
  return sources.length > 0 ? sources : owners.slice(0, 3)
}

/** Once among the rows of an owner: the third line of an order, the one batch of a type. */
function* amongRows(roles: Roles): Generator<Idea> {
  const { numbers, kinds, periods } = roles
  const owners = ownersOf(roles)
  for (const number of numbers) {
    for (const owner of counted(number, roles)) {
      const why = `${number.name} counts the rows of ${owner.name}.`
      yield { columns: [owner, number], prior: 0.75, why, binds: 'present' }
    }
  }
  if (owners.length === 0 || periods.length > 0) return
  if (kinds.length > 0) {
    const why = `${named(owners)} with ${named(kinds)}: one of each kind.`
    yield { columns: [...owners, ...kinds], prior: 0.85, why }
  }
  yield* together(owners, roles)
}

// A row that says much is more than the meeting of two others.
const FEW_WORDS = 1

function* together(owners: readonly Column[], roles: Roles): Generator<Idea> {
  const { kinds, numbers, scopes, rest, codes } = roles
  const why = `${named(owners)} together say what the row is.`
  const saying = rest.length + numbers.length + codes.length - FEW_WORDS
  const sure = Math.max(0.45, 0.85 - 0.15 * Math.max(0, saying))
  if (owners.length > 1) yield { columns: owners, prior: sure, why }
  if (owners.length > 1 && scopes.length > 0 && owners !== scopes) {
    yield { columns: [...scopes, ...owners], prior: sure - 0.05, why }
  }
  for (const columns of pairsOf(owners)) yield { columns, prior: sure - 0.25, why }
  if (owners.length === 1) {
    const alone = `${named(owners)} is the only thing that the row belongs to.`
    const prior = kinds.length > 0 || numbers.length > 0 || saying > 1 ? 0.3 : 0.45
    yield { columns: owners, prior, why: alone }
  }
}

/** One at a time for an owner: the subscription that is active. */
function* oneLive(subject: Subject, roles: Roles): Generator<Idea> {
  const owners = ownersOf(roles)
  if (owners.length === 0 || roles.periods.some(isDated)) return
  for (const owner of owners.slice(0, 3)) {
    const states = conditionsOf(subject, [owner], false, 'counting')
    const passing = states.filter(({ column }) => isState(column) || isEndTime(column))
    if (passing.length === 0) continue
    const why = `${owner.name} may have one at a time.`
    yield { columns: [owner], prior: owners.length === 1 ? 0.55 : 0.6, why }
  }
}

/** Names that are given once, to everybody or within a tenant. */
function* byName(roles: Roles): Generator<Idea> {
  const { owners, scopes, tokens, addresses, codes } = roles
  const tenant = [...scopes, ...owners].find(({ name }) => isTenant(name))
  const within = tenant ? [tenant] : []
  const scope = tenant ? ` within ${tenant.name}` : ''
  for (const token of tokens) {
    const why = `${token.name} stands for one thing: a second row with it is the first again.`
    yield { columns: [token], prior: 0.9, why, binds: 'all' }
  }
  for (const each of addresses) {
    const why = `${each.name} names one person${scope}, whatever the case of its letters.`
    yield { columns: [...within, each], prior: 0.85, why, binds: 'present' }
  }
  for (const each of codes) {
    const why = `${each.name} is a name given once${scope}.`
    yield { columns: [...within, each], prior: 0.8, why, binds: 'present' }
  }
}

/** Every set of columns that may be a key of the table, the likeliest first. */
export function ideasOf(subject: Subject): readonly Idea[] {
  const roles = rolesOf(subject)
  return [
    ...perPeriod(roles),
    ...perPeriodWithout(subject, roles),
    ...amongRows(roles),
    ...oneLive(subject, roles),
    ...byName(roles),
  ].sort((one, other) => other.prior - one.prior)
}
