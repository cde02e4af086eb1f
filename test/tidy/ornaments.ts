import type { Rule, Violation } from './rule.ts'
import { lineAt, linesOf, type SourceFile } from './source-file.ts'
import { isCode, parse } from './syntax.ts'

const RULED_LINE = /^[\s*/]*([-=*/#~_+─━═])\1{2,}|^\s*#?(end)?region\b/

/** A file that needs banners to be found one's way in needs to be two files. */
export const bannerRule: Rule = {
  law: 'no comment is a banner',
  check: (files) =>
    files.flatMap((file) =>
      commentLines(file).flatMap(({ text, line }) => {
        if (!RULED_LINE.test(text)) return []
        const message = 'a banner: take it out, or make the section a file'
        return [{ path: file.path, line, message }]
      }),
    ),
  refuses: [
    { files: { 'src/a.ts': 'f()\n// ----- queries' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '//////////' }, at: ['src/a.ts:1'] },
    { files: { 'src/a.ts': '/*\n * =======\n * Queries\n */' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '/************/' }, at: ['src/a.ts:1'] },
    { files: { 'src/a.ts': '//#region queries' }, at: ['src/a.ts:1'] },
    { files: { 'sql/001_a.sql': 'SELECT 1;\n-- =====' }, at: ['sql/001_a.sql:2'] },
  ],
  accepts: [
    { 'src/a.ts': '/**\n * claimed ---> done\n * | a | b |\n * - an item\n */\nf() // a --- b' },
    { 'sql/001_a.sql': '-- The gate.\nSELECT 1 --- 1;', 'docs/a.md': '---\n' },
  ],
}

interface CommentLine {
  readonly text: string
  readonly line: number
}

function commentLines(file: SourceFile): readonly CommentLine[] {
  if (isCode(file)) {
    return parse(file).comments.flatMap(({ value, start }) => {
      const first = lineAt(file, start)
      return value.split('\n').map((text, index) => ({ text, line: first + index }))
    })
  }
  if (!file.path.endsWith('.sql')) return []
  return linesOf(file).flatMap((text, index) => {
    const comment = /^\s*--(.*)$/.exec(text)?.[1]
    return comment === undefined ? [] : [{ text: comment, line: index + 1 }]
  })
}

// Those that are drawn in colour by default, those asked to be, and the old signs among them.
const EMOJI = /\p{Emoji_Presentation}|\u{FE0F}|(?=[\u{2600}-\u{27BF}])\p{Extended_Pictographic}/u

/** Words carry the meaning; a test that needs such a character writes its escape. */
export const emojiRule: Rule = {
  law: 'no emoji in code or pages',
  check: (files): readonly Violation[] =>
    files.flatMap((file) =>
      linesOf(file).flatMap((text, index) => {
        if (!EMOJI.test(text)) return []
        const message = 'an emoji: use a word, or write the escape where a test needs the character'
        return [{ path: file.path, line: index + 1, message }]
      }),
    ),
  refuses: [
    { files: { 'src/a.ts': "f()\nlog('\u{1F680}')" }, at: ['src/a.ts:2'] },
    { files: { 'README.md': '\u{2705} done' }, at: ['README.md:1'] },
    { files: { 'README.md': '\u{26A0}\u{FE0F} careful' }, at: ['README.md:1'] },
    { files: { 'README.md': '\u{26A0} careful' }, at: ['README.md:1'] },
  ],
  accepts: [{ 'README.md': '1 → 2 ≥ 0 × § ↔ © — │ ✓', 'test/a.test.ts': "key('\\u{1F600}')" }],
}
