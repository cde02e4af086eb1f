import type { StoredEvent } from '../../../src/index.ts'
import type { GuardSummary } from '../../contract.ts'
import { labelOf } from '../../parts/state.tsx'
import { QUALIFIERS, type Term, termText, VERDICTS } from './terms.ts'

/** Something to put in place of the word that is typed. */
export interface Suggestion {
  readonly text: string
  readonly hint: string
  /** Whole: a term that can be searched for. Else more must be typed. */
  readonly whole: boolean
}

/** What suggestions are made of. */
export interface Known {
  readonly guards: readonly GuardSummary[]
  readonly events: readonly StoredEvent[]
  readonly terms: readonly Term[]
}

const SPANS = [
  ['1h', 'the last hour'],
  ['1d', 'the last day'],
  ['7d', 'the last 7 days'],
  ['30d', 'the last 30 days'],
] as const

const MOST = 12

/** The word at the end of what is typed, quotes included. */
export const lastWord = (text: string): string => /(?:[\w.-]+:)?"[^"]*$|\S*$/.exec(text)?.[0] ?? ''

/** What could follow: names of terms, or values of the one that is being typed. */
export function suggestionsFor(text: string, known: Known): readonly Suggestion[] {
  const word = lastWord(text)
  const colon = word.indexOf(':')
  if (colon > 0) {
    const name = word.slice(0, colon)
    const typed = word
      .slice(colon + 1)
      .replaceAll('"', '')
      .toLowerCase()
    return valuesOf(name, known)
      .filter(([value, hint]) => `${value} ${hint}`.toLowerCase().includes(typed))
      .slice(0, MOST)
      .map(([value, hint]) => ({ text: termText({ name, value }), hint, whole: true }))
  }
  const names = namesOf(known).filter(([name]) => name.startsWith(word.toLowerCase()))
  const found = names.map(([name, hint]) => ({ text: `${name}:`, hint, whole: false }))
  const free = text.trim()
  if (free === '') return found
  return [
    ...found,
    { text: termText({ name: 'reason', value: free }), hint: 'in the reason', whole: true },
  ].slice(0, MOST)
}

function namesOf({ guards, terms }: Known): readonly (readonly [string, string])[] {
  const asked = terms.find(({ name }) => name === 'guard')?.value
  const parts = guards
    .filter(({ name }) => asked === undefined || name === asked)
    .flatMap(({ key }) => key)
  const used = new Set(terms.map(({ name }) => name))
  return [
    ...Object.entries(QUALIFIERS),
    ...[...new Set(parts)].map((part) => [`part.${part}`, 'a part of the key'] as const),
  ].filter(([name]) => !used.has(name))
}

function valuesOf(name: string, { guards, events }: Known): readonly (readonly [string, string])[] {
  switch (name) {
    case 'guard':
      return guards.map((guard) => [guard.name, guard.table] as const)
    case 'verdict':
      return VERDICTS.map((verdict) => [verdict, labelOf(verdict)] as const)
    case 'since':
    case 'until':
      return SPANS.map(([span, hint]) => [span, name === 'until' ? `${span} ago` : hint] as const)
    case 'actor':
      return seen(events.map(({ actor }) => actor))
    case 'reason':
      return seen(events.map(({ reason }) => reason))
    case 'run':
      return seen(events.map(({ run }) => run))
    default:
      if (!name.startsWith('part.')) return []
      return seen(events.flatMap(({ keys }) => keys.map((key) => key[name.slice(5)])))
  }
}

const seen = (values: readonly unknown[]): readonly (readonly [string, string])[] =>
  [...new Set(values.filter((value) => value !== null && value !== undefined).map(String))].map(
    (value) => [value, 'seen here'] as const,
  )
