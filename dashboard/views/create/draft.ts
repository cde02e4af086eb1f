import type { JSX } from 'preact'
import type { RowValues } from '../../../src/index.ts'
import type { GuardDetail } from '../../contract.ts'

/** A part of a key as the server describes it; `values` where it has but a few. */
export interface Part {
  readonly name: string
  /** As PostgreSQL calls it; null where the table could not be looked at. */
  readonly type: string | null
  readonly values?: readonly string[]
}

/** What is asked for: all of some days, keys, or rows. */
export type Mode = 'range' | 'keys' | 'rows'

/** A row or a key as it is typed. */
export interface DraftRow {
  readonly id: number
  readonly parts: Readonly<Record<string, string>>
  /** JSON: further columns of a row, the input of a key. */
  readonly more: string
}

/** What was typed so far. */
export interface Draft {
  readonly mode: Mode
  readonly from: string
  readonly to: string
  readonly rows: readonly DraftRow[]
}

/** What a request is asked with, or what is wrong, by the id of the row (0: of the range). */
export type Asked =
  | { readonly body: object; readonly faults?: undefined }
  | { readonly faults: Readonly<Record<number, string>> }

let lastRow = 0

/** A row with some parts filled in. */
export const draftRow = (parts: Readonly<Record<string, string>> = {}, more = ''): DraftRow => ({
  id: ++lastRow,
  parts,
  more,
})

/** The ways of asking that a guard has, the usual one first. */
export const modesOf = ({ generator, expected }: GuardDetail): readonly Mode[] =>
  generator ? (expected ? ['range', 'keys'] : ['keys']) : ['rows']

/** What a draft asks for, or what keeps it from being asked. */
export function askedOf(draft: Draft, parts: readonly Part[]): Asked {
  if (draft.mode === 'range') return rangeOf(draft)
  const faults: Record<number, string> = {}
  const items = draft.rows.map((row) => {
    const typed = parts.map((part) => [part.name, typedValue(part, row.parts[part.name] ?? '')])
    if (typed.every(([, value]) => value === null)) faults[row.id] = 'Nothing is filled in.'
    const more = row.more.trim() === '' ? undefined : parsed(row.more)
    if (more === 'no JSON') faults[row.id] = 'The text is no JSON.'
    if (draft.mode === 'rows' && Array.isArray(more)) faults[row.id] = 'Give an object: {"a": 1}.'
    return { key: Object.fromEntries(typed) as RowValues, more }
  })
  if (Object.keys(faults).length > 0) return { faults }
  if (draft.mode === 'keys') {
    return { body: { units: items.map(({ key, more }) => ({ key, input: more })) } }
  }
  return { body: { rows: items.map(({ key, more }) => ({ ...Object(more), ...given(key) })) } }
}

// A part that is computed, or has a default, must not be sent as NULL.
const given = (key: RowValues): RowValues =>
  Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null))

function rangeOf({ from, to }: Draft): Asked {
  if (!from || !to) return { faults: { 0: 'Give the first and the last day.' } }
  if (from > to) return { faults: { 0: 'The last day is before the first one.' } }
  return { body: { range: { from, to } } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return 'no JSON'
  }
}

function typedValue({ type }: Part, text: string): unknown {
  const typed = text.trim()
  if (typed === '') return null
  if (type === null || !isSet(type)) return typed
  const list = parsed(typed)
  return Array.isArray(list) ? list : typed.split(/\s*,\s*/).map(asNumber)
}

// Days of the week are numbers, tags are texts.
const asNumber = (text: string): unknown => (/^-?\d{1,15}$/.test(text) ? Number(text) : text)

/** True for a part whose values are lists, their order aside. */
const isSet = (type: string): boolean => /^set$|^jsonb$|\[\]$/.test(type)

/** What a field for a part looks like. */
export function fieldOf(type: string | null): JSX.IntrinsicElements['input'] {
  if (type === null) return { type: 'text' }
  if (type === 'date') return { type: 'date' }
  if (/^time($| without| with|\()/.test(type)) return { type: 'time', step: '1' }
  if (type.startsWith('timestamp')) return { type: 'text', placeholder: '2026-01-31T09:00:00Z' }
  if (type === 'uuid') return { type: 'text', placeholder: '00000000-0000-0000-0000-000000000000' }
  if (/^(small|big)?int/.test(type)) return { type: 'text', inputMode: 'numeric' }
  if (isSet(type)) return { type: 'text', placeholder: '1, 3, 5' }
  return { type: 'text' }
}

/**
 * Rows of a text that was copied from a spreadsheet: a line each, its cells the parts from `start`
 * on. Undefined for a text of one cell.
 */
export function pastedRows(
  text: string,
  parts: readonly Part[],
  start: string,
): readonly Readonly<Record<string, string>>[] | undefined {
  const lines = text
    .replace(/\r/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  if (lines.length < 2 && !text.includes('\t')) return undefined
  const names = parts.map(({ name }) => name).slice(parts.findIndex(({ name }) => name === start))
  return lines.map((line) => {
    const cells = line.split('\t')
    const filled = names.flatMap((name, place) => {
      const cell = cells[place]?.trim()
      return cell === undefined ? [] : [[name, cell]]
    })
    return Object.fromEntries(filled)
  })
}
