import type { Span } from 'oxc-parser'
import type { Rule, Violation } from './rule.ts'
import { lineAt, linesOf, type SourceFile } from './source-file.ts'
import { isCode, walk } from './syntax.ts'

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 69
const MAX_COLUMNS = 100

const isMeasured = (file: SourceFile): boolean =>
  isCode(file) || /\.(sql|css|html)$/.test(file.path)

const repeated = (line: string, times: number): string => `${line}\n`.repeat(times)

/** No file of code is longer than 400 lines. */
export const fileSizeRule: Rule = {
  law: `a file has at most ${MAX_FILE_LINES} lines`,
  check: (files) =>
    files.filter(isMeasured).flatMap((file) => {
      const lines = linesOf(file).length
      if (lines <= MAX_FILE_LINES) return []
      const message = `${lines} lines: split it into one concept per file`
      return [{ path: file.path, line: MAX_FILE_LINES + 1, message }]
    }),
  refuses: [{ files: { 'src/long.ts': repeated('f()', 401) }, at: ['src/long.ts:401'] }],
  accepts: [
    { 'src/full.ts': repeated('f()', 400) },
    { 'package-lock.json': repeated('{', 9_000), 'docs/guide.md': repeated('Text.', 500) },
  ],
}

/** No function is 70 lines or longer; a `describe` is a list of tests and not measured. */
export const functionSizeRule: Rule = {
  law: `a function has fewer than ${MAX_FUNCTION_LINES + 1} lines`,
  check: (files) => files.filter(isCode).flatMap(longFunctions),
  refuses: [
    { files: { 'src/f.ts': `function f() {\n${repeated('g()', 68)}}` }, at: ['src/f.ts:1'] },
    { files: { 'src/f.ts': `\nconst f = () => {\n${repeated('g()', 68)}}` }, at: ['src/f.ts:2'] },
    { files: { 'src/f.ts': `class C {\n  m() {\n${repeated('g()', 68)}}}` }, at: ['src/f.ts:2'] },
    {
      files: { 'test/f.test.ts': `test('x', async () => {\n${repeated('g()', 68)}})` },
      at: ['test/f.test.ts:1'],
    },
  ],
  accepts: [
    { 'src/f.ts': `function f() {\n${repeated('g()', 67)}}` },
    { 'test/f.test.ts': `describe('f', () => {\n${repeated('g()', 90)}})` },
    { 'test/f.test.ts': `describe.each([1])('f', () => {\n${repeated('g()', 90)}})` },
  ],
}

function longFunctions(file: SourceFile): readonly Violation[] {
  const suites = new Set<number>()
  const found: Violation[] = []
  const measure = ({ start, end }: Span) => {
    const line = lineAt(file, start)
    const lines = lineAt(file, end) - line + 1
    if (lines <= MAX_FUNCTION_LINES || suites.has(start)) return
    found.push({ path: file.path, line, message: `a function of ${lines} lines: take it apart` })
  }
  walk(file, {
    CallExpression: ({ callee, arguments: given }) => {
      if (!/^describe\b/.test(file.text.slice(callee.start, callee.end))) return
      for (const argument of given) suites.add(argument.start)
    },
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  })
  return found
}

/** No line of code is wider than 100 columns, nor one of prose; addresses and tables may be. */
export const columnRule: Rule = {
  law: `a line has at most ${MAX_COLUMNS} columns`,
  check: (files) =>
    files
      .filter((file) => isMeasured(file) || file.path.endsWith('.md'))
      .flatMap((file) =>
        linesOf(file).flatMap((text, index) => {
          const columns = [...text].length
          if (columns <= MAX_COLUMNS || mayBeWide(file, text)) return []
          return [{ path: file.path, line: index + 1, message: `${columns} columns: break it` }]
        }),
      ),
  refuses: [
    { files: { 'src/wide.ts': `f()\n// ${'x'.repeat(98)}` }, at: ['src/wide.ts:2'] },
    { files: { 'sql/001_wide.sql': `-- ${'x'.repeat(98)}` }, at: ['sql/001_wide.sql:1'] },
    { files: { 'README.md': 'x'.repeat(101) }, at: ['README.md:1'] },
  ],
  accepts: [
    { 'src/full.ts': `// ${'x'.repeat(97)}` },
    { 'src/source.ts': `// https://example.org/${'x'.repeat(100)}` },
    { 'README.md': `| ${'x'.repeat(100)} |`, 'package-lock.json': 'x'.repeat(101) },
  ],
}

const mayBeWide = ({ path }: SourceFile, line: string): boolean =>
  line.includes('https://') || (path.endsWith('.md') && line.startsWith('|'))
