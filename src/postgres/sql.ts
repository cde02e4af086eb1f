import { OnceoverError } from '../core/error.ts'
import { quoteIdentifier } from './identifier.ts'

/** A statement or a part of one: pieces of text with values between them. Made by `sql`. */
export class Sql {
  readonly pieces: readonly string[]
  readonly values: readonly unknown[]

  constructor(pieces: readonly string[], values: readonly unknown[]) {
    this.pieces = pieces
    this.values = values
  }

  /** The text with $1, $2, … in place of the values, numbered from left to right. */
  get text(): string {
    return this.pieces.reduce((text, piece, index) => `${text}$${index}${piece}`)
  }
}

// The driver would send NULL, and a misspelt name would find nothing, without a word.
const undefinedValue = (index: number): OnceoverError =>
  new OnceoverError('INPUT_INVALID', {
    message: `Value ${index + 1} of the query is undefined.`,
    fix: 'Write null where NULL is meant; else the name may be misspelt.',
  })

function template(strings: TemplateStringsArray, ...inputs: readonly unknown[]): Sql {
  const pieces: string[] = [strings[0] ?? '']
  const values: unknown[] = []
  const append = (text: string) => {
    pieces[pieces.length - 1] += text
  }
  inputs.forEach((input, index) => {
    if (input instanceof Sql) {
      append(input.pieces[0] ?? '')
      pieces.push(...input.pieces.slice(1))
      values.push(...input.values)
    } else {
      if (input === undefined) throw undefinedValue(index)
      values.push(input)
      pieces.push('')
    }
    append(strings[index + 1] ?? '')
  })
  return new Sql(pieces, values)
}

const raw = (text: string): Sql => new Sql([text], [])

/**
 * Writes SQL: a value in `${…}` is always a parameter, a nested `sql` is spliced in.
 *
 * @throws OnceoverError INPUT_INVALID for a value that is undefined
 *
 * - `sql.identifier('schema', 'table')` quotes names;
 * - `sql.join([a, b], ', ')` puts a separator between fragments;
 * - `sql.raw(text)` takes text as it is: for a guard's own `where`, never for input.
 */
export const sql = Object.assign(template, {
  raw,
  identifier: (...names: readonly string[]): Sql => raw(names.map(quoteIdentifier).join('.')),
  join: (fragments: readonly Sql[], separator = ', '): Sql =>
    fragments.length === 0
      ? raw('')
      : fragments.reduce((left, right) => template`${left}${raw(separator)}${right}`),
})
