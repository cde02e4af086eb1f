// Wide in a terminal: CJK, Hangul, fullwidth forms, emoji. Source: Unicode TR 11, East Asian Width.
const WIDE_RANGES = [
  String.raw`\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f`,
  String.raw`\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6`,
  String.raw`\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}`,
]
const WIDE = new RegExp(String.raw`^(?:\p{Emoji_Presentation}|[${WIDE_RANGES.join('')}])`, 'u')
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const EMOJI_STYLE = /\u{fe0f}/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const PLAIN = /^[\x20-\x7e]*$/

// Each grapheme comes with a copy of the whole text: that of a long one would fill the memory.
function* graphemes(text: string): Generator<string> {
  for (const [piece] of text.matchAll(/[\s\S]{1,500}/gu)) {
    for (const { segment } of segmenter.segment(piece)) yield segment
  }
}

const widthOf = (grapheme: string): number => {
  if (INVISIBLE.test(grapheme)) return 0
  return WIDE.test(grapheme) || EMOJI_STYLE.test(grapheme) ? 2 : 1
}

/** How many columns a text takes in a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const each of graphemes(text)) width += widthOf(each)
  return width
}

/**
 * A text whose control characters and direction marks are shown as `\u001b`: a value of a table
 * must not move the cursor or change the colours. Line ends stay.
 */
export const printable = (text: string): string =>
  text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same on one line. */
export const oneLine = (text: string): string => printable(text).replaceAll('\n', '\\n')

/** A text cut to a number of columns, with … in place of what is missing. */
export function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 1
  for (const each of graphemes(text)) {
    width += widthOf(each)
    if (width > columns) break
    kept += each
  }
  return `${kept}…`
}

/** A text on lines of a width, broken between words; those after the first are indented. */
export function wrapped(text: string, columns: number, indent = ''): readonly string[] {
  if (columns === Number.POSITIVE_INFINITY) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line.trim() !== '' && displayWidth(longer) > columns) {
      lines.push(line)
      line = indent + word
    } else line = longer
  }
  return [...lines, line]
}

/** The lines of a text, each broken between words; what is broken off is indented as deep. */
export const broken = (text: string, columns: number, indent = ''): string =>
  text
    .split('\n')
    .map((line) => {
      const deep = indent + (/^ */.exec(line)?.[0] ?? '')
      const lead = line.slice(0, deep.length - indent.length)
      return lead + wrapped(line.trimStart(), columns - deep.length).join(`\n${deep}`)
    })
    .join('\n')

/** A count with its thousands apart: `12,345`. */
export const count = (value: number): string => value.toLocaleString('en-US')

/** A moment in ISO form without its fractions of a second. */
export const seconds = (moment: string): string => `${moment.slice(0, 19)}Z`

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 3600

/** Milliseconds in words, rounded up: `28 s`, `5 min`, `3 h`. */
export function span(ms: number): string {
  const whole = Math.ceil(ms / 1000)
  if (whole < 2 * MINUTE_SECONDS) return `${whole} s`
  if (whole < 2 * HOUR_SECONDS) return `${Math.ceil(whole / MINUTE_SECONDS)} min`
  return `${Math.ceil(whole / HOUR_SECONDS)} h`
}

/** A text as one word of a shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A count and its noun: `1 row`, `2 rows`. */
export const some = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`
