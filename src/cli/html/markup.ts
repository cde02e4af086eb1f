/** A piece of HTML that is safe to put into a page as it is. Made by `html`. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')

type Piece = Markup | string | number | false | undefined | readonly Piece[]

function render(piece: Piece): string {
  if (piece instanceof Markup) return piece.text
  if (piece === undefined || piece === false) return ''
  return typeof piece === 'object' ? piece.map(render).join('') : escaped(String(piece))
}

/** Writes HTML: what is in `${…}` is escaped, unless `html` made it; lists are joined. */
export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup =>
  new Markup(strings.reduce((text, each, at) => `${text}${render(pieces[at - 1])}${each}`))

/**
 * Data as JSON for a script to read. A `<` in it is written otherwise, so that nothing in it ends
 * the element that it stands in.
 */
export const json = (value: unknown): Markup =>
  new Markup(
    JSON.stringify(value)
      .replaceAll('<', String.raw`\u003c`)
      .replaceAll('\u2028', String.raw`\u2028`)
      .replaceAll('\u2029', String.raw`\u2029`),
  )
