import type { Child } from '../../guards/guard.ts'
import type { ProposedPart } from './part.ts'
import { list, property, quoted } from './typescript.ts'

/** What a proposed guard declares. */
export interface Declaration {
  readonly table: string
  readonly parts: readonly ProposedPart[]
  readonly where?: string
  readonly keep?: readonly string[]
  readonly children: readonly Child[]
  readonly copies?: string
  /** Name of the index that enforces it. */
  readonly index?: string
}

const INDENT = '  '
const WIDTH = 76

function keyLines(parts: readonly ProposedPart[]): string {
  const items = parts.map(({ name, code }) => `${property(name)}: ${code}`)
  const line = `${INDENT}key: { ${items.join(', ')} },`
  if (line.length <= WIDTH) return line
  return [
    `${INDENT}key: {`,
    ...items.map((item) => `${INDENT}${INDENT}${item},`),
    `${INDENT}},`,
  ].join('\n')
}

const childText = ({ table, columns }: Child): string =>
  `{ table: ${quoted(table)}, columns: [${columns.map(quoted).join(', ')}] }`

function* lines(name: string, declaration: Declaration): Generator<string> {
  const { table, parts, where, keep, children, copies, index } = declaration
  yield `guard(${quoted(name)}, {`
  yield `${INDENT}table: ${quoted(table)},`
  yield keyLines(parts)
  if (where !== undefined) yield `${INDENT}where: ${quoted(where)},`
  if (keep) yield `${INDENT}keep: ${list(keep.map(quoted), INDENT, 7)},`
  if (children.length > 0) {
    yield `${INDENT}children: ${list(children.map(childText), INDENT, 11)},`
  }
  if (copies !== undefined) yield `${INDENT}copies: ${quoted(copies)},`
  if (index !== undefined) yield `${INDENT}index: ${quoted(index)},`
  yield '})'
}

/** A guard in TypeScript, to stand in a list of guards. */
export const codeOf = (name: string, declaration: Declaration): string =>
  [...lines(name, declaration)].join('\n')

/** What the code of a guard imports from onceover. */
export const importsOf = ({ parts }: Declaration): readonly string[] =>
  [...new Set(['guard', ...parts.map(({ code }) => code.slice(0, code.indexOf('(')))])].sort()
