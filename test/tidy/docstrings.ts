import type { Comment, ExportNamedDeclaration, Program, Span } from 'oxc-parser'
import type { Rule, Violation } from './rule.ts'
import { lineAt, type SourceFile } from './source-file.ts'
import { isCode, parse } from './syntax.ts'

/** Every name that a file of src/, dashboard/ or systems/ exports says what it is. */
export const docstringRule: Rule = {
  law: 'every export of src/, dashboard/ and systems/ has a docstring',
  check: (files) => files.filter(isHeld).flatMap(undocumented),
  refuses: [
    { files: { 'src/a.ts': 'export const a = 1' }, at: ['src/a.ts:1'] },
    { files: { 'src/a.ts': '// Not this.\nexport function a() {}' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '/* Nor this one. */\nexport class A {}' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '/** */\nexport interface A {}' }, at: ['src/a.ts:2'] },
    { files: { 'src/a.ts': '/** a */\nexport type A = 1' }, at: ['src/a.ts:2'] },
    { files: { 'systems/x/a.ts': 'export default {}' }, at: ['systems/x/a.ts:1'] },
    { files: { 'dashboard/a.tsx': 'export const A = () => <a />' }, at: ['dashboard/a.tsx:1'] },
    { files: { 'src/a.ts': 'const a = 1\nexport { a }' }, at: ['src/a.ts:1'] },
    {
      files: { 'src/a.ts': '/** Of the file. */\n\nconst b = 1\nexport const a = b' },
      at: ['src/a.ts:4'],
    },
  ],
  accepts: [
    { 'src/a.ts': '/** The first letter. */\nexport const a = 1' },
    { 'src/a.ts': '/** The first letter. */\n// Why.\nexport function a() {}' },
    { 'src/a.ts': '/** One of two. */\nexport function a(x: 1): 1\nexport function a(x: 2): 2' },
    { 'src/a.ts': '/** The first letter. */\nconst a = 1\nexport { a }' },
    { 'src/index.ts': "export { a } from './a.ts'\nexport * from './b.ts'" },
    { 'src/a.ts': 'const a = 1', 'test/b.ts': 'export const b = 1', 'systems/x.d.ts': '' },
  ],
}

const isHeld = (file: SourceFile): boolean =>
  isCode(file) && /^(src|dashboard|systems)\//.test(file.path)

function undocumented(file: SourceFile): readonly Violation[] {
  const { program, comments } = parse(file)
  const documented = new Set<string>()
  const missing = new Map<string, Span>()
  for (const [name, span] of exportsOf(program)) {
    if (hasDocstring(file, comments, span)) documented.add(name)
    else if (!missing.has(name)) missing.set(name, span)
  }
  return [...missing].flatMap(([name, { start }]) => {
    // Further overloads share the docstring of the first.
    if (documented.has(name)) return []
    const message = `${name} has no docstring: say what it is, its units, and what it throws`
    return [{ path: file.path, line: lineAt(file, start), message }]
  })
}

/** Each exported name with the declaration that should say what it is. */
function exportsOf({ body }: Program): readonly (readonly [string, Span])[] {
  const declared = new Map(
    body.flatMap((node) => namesOf(node).map((name) => [name, node] as const)),
  )
  return body.flatMap((node): readonly (readonly [string, Span])[] => {
    if (node.type === 'ExportDefaultDeclaration') return [['default', node]]
    if (node.type !== 'ExportNamedDeclaration' || node.source !== null) return []
    if (node.declaration !== null) return namesOf(node.declaration).map((name) => [name, node])
    return localNames(node).map((name) => [name, declared.get(name) ?? node])
  })
}

const localNames = ({ specifiers }: ExportNamedDeclaration): readonly string[] =>
  specifiers.map(({ local }) => (local.type === 'Literal' ? local.value : local.name))

type Declared = Program['body'][number] | NonNullable<ExportNamedDeclaration['declaration']>

function namesOf(node: Declared): readonly string[] {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : ['{}']))
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      return node.id === null ? [] : [node.id.name]
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
      return [node.id.name]
    default:
      return []
  }
}

function hasDocstring(file: SourceFile, comments: readonly Comment[], { start }: Span): boolean {
  return comments.some(({ type, value, end }) => {
    if (type !== 'Block' || !value.startsWith('*') || end > start) return false
    const between = file.text.slice(end, start).replace(/\/\/[^\n]*\n/g, '')
    return between.trim() === '' && /\w+\W+\w+/.test(value)
  })
}
