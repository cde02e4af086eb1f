import { type ParseResult, parseSync, Visitor, type VisitorObject } from 'oxc-parser'
import { lineAt, type SourceFile } from './source-file.ts'

const parsed = new WeakMap<SourceFile, ParseResult>()

/** Whether a file is TypeScript or JavaScript. */
export function isCode({ path }: SourceFile): boolean {
  return /\.[cm]?[jt]sx?$/.test(path)
}

/** The syntax tree and comments of a file, parsed once. Throws where the file does not parse. */
export function parse(file: SourceFile): ParseResult {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const result = parseSync(file.path, file.text)
  const [error] = result.errors
  if (error !== undefined) {
    const line = lineAt(file, error.labels[0]?.start ?? 0)
    throw new Error(`${file.path}:${line} does not parse: ${error.message}`)
  }
  parsed.set(file, result)
  return result
}

/** Walks the syntax tree of a file, parents before children. */
export function walk(file: SourceFile, visitor: VisitorObject): void {
  new Visitor(visitor).visit(parse(file).program)
}
