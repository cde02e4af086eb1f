import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import type { Span, StringLiteral } from 'oxc-parser'
import { lineAt, type SourceFile } from './source-file.ts'
import { walk } from './syntax.ts'

/** One module named by a file: by an import, a re-export, `import()` or a type's `import('…')`. */
export interface Reference {
  readonly specifier: string
  readonly line: number
}

/** Every module that a file names, type imports included. */
export function referencesOf(file: SourceFile): readonly Reference[] {
  const found: Reference[] = []
  const add = (specifier: string, { start }: Span) =>
    found.push({ specifier, line: lineAt(file, start) })
  const take = (node: Span & { readonly source: StringLiteral | null }) => {
    if (node.source !== null) add(node.source.value, node)
  }
  walk(file, {
    ImportDeclaration: take,
    ExportNamedDeclaration: take,
    ExportAllDeclaration: take,
    TSImportType: take,
    TSExternalModuleReference: (node) => add(node.expression.value, node),
    ImportExpression: (node) => {
      const { source } = node
      if (source.type === 'Literal' && typeof source.value === 'string') add(source.value, node)
      if (source.type === 'TemplateLiteral' && source.expressions.length === 0) {
        add(source.quasis[0]?.value.cooked ?? '', node)
      }
    },
  })
  return found
}

/** Where a reference leads: a path of this repository, or the name of a package. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'package'; readonly name: string }

/** Where `specifier` leads from the file at `from`. All of Node's modules count as `node:*`. */
export function targetOf(from: string, specifier: string): Target {
  if (/^\.{1,2}(\/|$)/.test(specifier)) {
    return { kind: 'file', path: posix.join(posix.dirname(from), specifier) }
  }
  if (isBuiltin(specifier)) return { kind: 'package', name: 'node:*' }
  const parts = specifier.split('/')
  return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') }
}
