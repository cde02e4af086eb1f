import type { EventName } from '../../../src/index.ts'
import type { Query } from '../../route.ts'

/** One thing that is searched for: `guard` and `reports`; what has no name is of the reason. */
export interface Term {
  readonly name: string
  readonly value: string
}

/** What can stand before a colon, with what it means. */
export const QUALIFIERS: Readonly<Record<string, string>> = {
  guard: 'a guard by its name',
  verdict: 'what became of the key',
  actor: 'who asked',
  run: 'the id of a run',
  reason: 'words of the reason',
  since: 'how long ago, or a moment',
  until: 'up to when, likewise',
}

/** What `verdict:` can be. */
export const VERDICTS = [
  'created',
  'replaced',
  'allowed',
  'skipped',
  'collided',
  'invalid',
  'failed',
  'in_flight',
  'cancelled',
  'taken_over',
] as const satisfies readonly EventName[]

const PART = /^part\.[^\s:"]+$/

const isName = (name: string): boolean => Object.hasOwn(QUALIFIERS, name) || PART.test(name)

// `name:"two words"`, `"two words"`, or a run of what is no space.
const TOKEN = /(?:([\w.-]+):)?"([^"]*)"?|(\S+)/g

/** Reads a search: qualified terms, and all other words together as the reason. */
export function termsOf(text: string): readonly Term[] {
  const terms = new Map<string, string>()
  const words: string[] = []
  for (const [, quotedName, quoted, bare = ''] of text.matchAll(TOKEN)) {
    const [name, value] =
      quoted === undefined ? split(bare) : ([quotedName?.toLowerCase() ?? '', quoted] as const)
    if (name !== '' && isName(name)) {
      if (value !== '') terms.set(name, value)
    } else words.push(quoted === undefined ? bare : [quotedName, quoted].filter(Boolean).join(':'))
  }
  const reason = [terms.get('reason'), ...words].filter(Boolean).join(' ')
  if (reason !== '') terms.set('reason', reason)
  return [...terms].map(([name, value]) => ({ name, value }))
}

function split(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon < 1) return ['', text]
  const name = text.slice(0, colon)
  return [name.startsWith('part.') ? name : name.toLowerCase(), text.slice(colon + 1)]
}

/** A term as it is typed. */
export const termText = ({ name, value }: Term): string =>
  `${name}:${/[\s"]/.test(value) || value === '' ? `"${value.replaceAll('"', '')}"` : value}`

/** The terms of an address. */
export const termsOfQuery = (query: Query): readonly Term[] =>
  Object.entries(query).flatMap(([name, value]) =>
    isName(name) && value !== undefined && value !== '' ? [{ name, value: String(value) }] : [],
  )

/** Terms as the address and the API have them. */
export const queryOf = (terms: readonly Term[]): Query =>
  Object.fromEntries(terms.map(({ name, value }) => [name, value]))

/** Terms with others added; one of the same name takes the place of the old one. */
export const withTerms = (terms: readonly Term[], more: readonly Term[]): readonly Term[] => {
  const names = new Set(more.map(({ name }) => name))
  return [...terms.filter(({ name }) => !names.has(name)), ...more]
}
