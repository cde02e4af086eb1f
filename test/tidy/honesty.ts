import type { MemberExpression } from 'oxc-parser'
import type { Rule, Violation } from './rule.ts'
import { lineAt, linesOf, type SourceFile } from './source-file.ts'
import { isCode, parse, walk } from './syntax.ts'

/** Nothing switches the type checker off. */
export const anyRule: Rule = {
  law: 'no `any`, and nothing that silences the type checker',
  check: (files) =>
    files.filter(isCode).flatMap((file) => {
      const found: Violation[] = []
      const report = (start: number, message: string) =>
        found.push({ path: file.path, line: lineAt(file, start), message })
      walk(file, { TSAnyKeyword: ({ start }) => report(start, 'any: say what it is, or unknown') })
      for (const { value, start } of parse(file).comments) {
        if (!/^[\s*/]*@ts-(ignore|nocheck)\b/.test(value)) continue
        report(start, 'mend the type, or expect the one error with a reason')
      }
      return found
    }),
  refuses: [
    { files: { 'src/a.ts': 'f()\nlet a: any' }, at: ['src/a.ts:2'] },
    { files: { 'test/a.test.ts': 'f(a as any)' }, at: ['test/a.test.ts:1'] },
    { files: { 'src/a.ts': 'type A = Record<string, any[]>' }, at: ['src/a.ts:1'] },
    { files: { 'src/a.ts': '\n// @ts-ignore\nf()' }, at: ['src/a.ts:2'] },
  ],
  accepts: [{ 'src/a.ts': "let any: unknown = 'any' // any value" }],
}

const TESTS = new Set(['test', 'it', 'describe', 'suite', 'bench'])
const SWITCHES = new Set(['only', 'skip', 'todo'])

/** A test that does not run proves nothing. */
export const runningTestsRule: Rule = {
  law: 'no test is skipped, planned only, or run alone',
  check: (files) =>
    files.filter(isCode).flatMap((file) => {
      const found: Violation[] = []
      walk(file, {
        MemberExpression: (node) => {
          const word = node.property.type === 'Identifier' ? node.property.name : ''
          if (node.computed || !SWITCHES.has(word) || !TESTS.has(rootOf(node))) return
          const message = `.${word}: every test runs, or is deleted`
          found.push({ path: file.path, line: lineAt(file, node.property.start), message })
        },
      })
      return found
    }),
  refuses: [
    { files: { 'test/a.test.ts': "it.only('x', f)" }, at: ['test/a.test.ts:1'] },
    { files: { 'test/a.test.ts': "f()\ndescribe.skip('x', f)" }, at: ['test/a.test.ts:2'] },
    { files: { 'test/a.test.ts': "test.skip.each([1])('x', f)" }, at: ['test/a.test.ts:1'] },
    { files: { 'test/a.test.ts': "test.concurrent\n  .todo('x')" }, at: ['test/a.test.ts:2'] },
  ],
  accepts: [{ 'test/a.test.ts': "test('skip', () => pages.skip(1))\n// it.only('x')" }],
}

function rootOf({ object }: MemberExpression): string {
  if (object.type === 'MemberExpression') return rootOf(object)
  return object.type === 'Identifier' ? object.name : ''
}

const MARKER = /\b(TODO|FIXME|XXX|HACK)\b/

/** What is unfinished is finished, or written where work is planned. */
export const markerRule: Rule = {
  law: 'no comment and no page marks work that was left undone',
  check: (files) =>
    files.flatMap((file) =>
      remarksOf(file).flatMap(({ text, line }) => {
        const marker = MARKER.exec(text)?.[0]
        if (marker === undefined) return []
        return [{ path: file.path, line, message: `${marker}: finish it, or take it out` }]
      }),
    ),
  refuses: [
    { files: { 'src/a.ts': 'f()\n// TODO: more' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '/**\n * FIXME\n */' }, at: ['src/a.ts:1'] },
    { files: { 'sql/001_a.sql': '-- XXX' }, at: ['sql/001_a.sql:1'] },
    { files: { 'docs/a.md': 'Text.\n\nTODO' }, at: ['docs/a.md:3'] },
  ],
  accepts: [{ 'src/a.ts': "f('TODO')", 'docs/a.md': 'A todo list.', LICENSE: 'XXX' }],
}

/** The comments of code; every line of SQL and of a page. */
function remarksOf(file: SourceFile): readonly { readonly text: string; readonly line: number }[] {
  if (isCode(file)) {
    return parse(file).comments.map(({ value, start }) => ({
      text: value,
      line: lineAt(file, start),
    }))
  }
  if (!/\.(md|sql)$/.test(file.path)) return []
  return linesOf(file).map((text, index) => ({ text, line: index + 1 }))
}
