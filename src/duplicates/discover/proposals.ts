import type { KeyedIndex } from '../../guards/unique-index.ts'
import type { Session } from '../../postgres/session.ts'
import type { Candidate } from './candidate.ts'
import { candidatesOf } from './candidates.ts'
import { codeOf, type Declaration, importsOf } from './code.ts'
import { type Figures, type Measured, measure } from './measure.ts'
import { isMade } from './names.ts'
import type { ProposedPart } from './part.ts'
import type { Proposal } from './proposal.ts'
import { duplicatesOf, saidByRows } from './reasons.ts'
import { rolesOf } from './roles.ts'
import { ENFORCED_SCORE, isWider, scoreOf } from './score.ts'
import { holds, indexesOf, partsOf } from './standing.ts'
import type { Subject } from './subject.ts'

/** How many keys of one table are counted at most; each costs a pass over its rows. */
const MOST_COUNTED = 12

type Facts = Pick<Proposal, 'state' | 'enforcedBy' | 'score' | 'why' | 'duplicates'>

function keepOf({ table, facts }: Subject): readonly string[] | undefined {
  const sqlOf = (name: string) => facts.get(name)?.sql ?? name
  const made = [...table.columns.values()].find(
    ({ name, base }) => isMade(name) && /^(timestamp|date)/.test(base),
  )
  if (!made) return undefined
  return [`${sqlOf(made.name)} asc`, ...table.primaryKey.map(({ name }) => `${sqlOf(name)} asc`)]
}

/** A proposal that has no name yet. */
interface Draft {
  readonly declaration: Declaration
  readonly facts: Facts
}

function draftOf(
  subject: Subject,
  parts: readonly ProposedPart[],
  where: string | undefined,
  facts: Facts,
): Draft {
  const copies = rolesOf(subject).copies
  const keep = keepOf(subject)
  const declaration = {
    table: subject.name,
    parts,
    children: subject.children,
    ...(where !== undefined && { where }),
    ...(keep && { keep }),
    ...(copies?.notNull && { copies: copies.name }),
    ...(facts.enforcedBy !== undefined && { index: facts.enforcedBy }),
  }
  return { declaration, facts }
}

// PostgreSQL wraps a predicate in parentheses of its own.
const bare = (predicate: string): string => {
  const inner = /^\(([^()]*)\)$/.exec(predicate)?.[1]
  return inner ?? predicate
}

function enforced(subject: Subject, keyed: KeyedIndex): Draft[] {
  const copies = rolesOf(subject).copies
  const parts = holds(keyed)
    ? partsOf(subject, keyed, copies?.notNull ? copies.name : undefined)
    : undefined
  if (!parts) return []
  const { index } = keyed
  const open = parts.filter(({ column }) => column && !column.notNull && !index.nullsNotDistinct)
  const why = [
    `The unique index ${index.name} holds this key already: declare it to use it.`,
    ...open.map(({ name }) => `${name} may be NULL, and the index lets rows with NULL repeat.`),
  ]
  const facts = { state: 'enforced', enforcedBy: index.name, score: ENFORCED_SCORE, why } as const
  return [draftOf(subject, parts, index.predicate && bare(index.predicate), facts)]
}

function unguarded(subject: Subject, measured: Measured, all: readonly Measured[]): Draft[] {
  const { candidate, figures } = measured
  const score = scoreOf(subject, measured, all)
  if (score === 0) return []
  const where = candidate.conditions.map(({ sql }) => sql).join(' AND ')
  return [
    draftOf(subject, candidate.parts, where === '' ? undefined : where, {
      state: 'unguarded',
      score,
      why: [saidByRows(subject, figures), ...candidate.why],
      ...(figures && { duplicates: duplicatesOf(subject, figures) }),
    }),
  ]
}

const namesOf = ({ parts }: Candidate): readonly string[] => parts.map(({ name }) => name)

const isSame = (one: Figures | undefined, other: Figures | undefined): boolean =>
  one !== undefined && one.rows === other?.rows && one.keys === other.keys && one.rows > 0

// Of two keys of the same columns the later one has one condition more, or another.
const isAgain = (later: Measured, earlier: Measured, all: readonly Measured[]): boolean =>
  namesOf(later.candidate).toSorted().join() === namesOf(earlier.candidate).toSorted().join() &&
  all.indexOf(earlier) < all.indexOf(later)

/**
 * Whether another, likelier key tells the very same rows apart: with fewer columns that are always
 * there, or with more.
 */
const isIdle = (measured: Measured, all: readonly Measured[]): boolean =>
  all.some((each) => {
    const { candidate, figures } = measured
    const { candidate: other, figures: theirs } = each
    if (!isSame(figures, theirs)) return false
    if (isAgain(measured, each, all)) return true
    if (isWider(other, candidate)) return other.prior > candidate.prior
    return (
      isWider(candidate, other) &&
      other.prior >= candidate.prior &&
      candidate.parts.every(
        ({ name, column }) => namesOf(other).includes(name) || column?.notNull === true,
      )
    )
  })

function proposalOf(subject: Subject, { declaration, facts }: Draft, name: string): Proposal {
  const { parts, index: _, ...declared } = declaration
  return {
    ...declared,
    rows: subject.rows,
    key: Object.fromEntries(parts.map((each) => [each.name, each.part.kind])),
    ...facts,
    code: codeOf(name, declaration),
    imports: importsOf(declaration),
  }
}

/** What was learnt of a table. */
export interface Looked {
  /** The best first. */
  readonly proposals: readonly Proposal[]
  /** False where counting took too long. */
  readonly complete: boolean
}

/** Proposes guards of one table: for the unique indexes it has, and for keys that nothing holds. */
export async function proposalsOf(session: Session, subject: Subject): Promise<Looked> {
  const candidates = await candidatesOf(session, subject, MOST_COUNTED)
  const measured = await measure(session, subject, candidates)
  const telling = measured.filter((each) => !isIdle(each, measured))
  const drafts = [
    ...indexesOf(subject).flatMap((each) => enforced(subject, each)),
    ...telling.flatMap((each) => unguarded(subject, each, measured)),
  ].sort((one, other) => other.facts.score - one.facts.score)
  const name = subject.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '')
  return {
    proposals: drafts.map((draft, at) =>
      proposalOf(subject, draft, at === 0 ? name || 'guard' : `${name}-${at + 1}`),
    ),
    complete: measured.every(({ figures }) => figures !== undefined),
  }
}
