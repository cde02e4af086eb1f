import { shorten } from '../text.ts'
import { html, type Markup } from './markup.ts'

/** So many columns of a value are shown: a page is to be read. */
export const LONGEST = 200

/** One value of a row; NULL is told from the text of the same letters. */
export const shownValue = (value: unknown): Markup =>
  value === null || value === undefined
    ? html`<span class="null">NULL</span>`
    : html`${shorten(typeof value === 'object' ? JSON.stringify(value) : String(value), LONGEST)}`

/** A sentence whose words in backticks are code. */
export const prose = (text: string): readonly (Markup | string)[] =>
  text.split('`').map((piece, at) => (at % 2 === 1 ? html`<code>${piece}</code>` : piece))

/** The parts of a key, each with its name. */
export const keyOf = (key: Readonly<Record<string, unknown>>): readonly Markup[] =>
  Object.entries(key).map(
    ([name, value]) => html`<span class="part"><b>${name}</b>${shownValue(value)}</span>`,
  )
