import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-file.ts'

/** A row of the table of import rules: a part of the repository and what it may import. */
export interface Part {
  /** A folder, ending in `/`, or a file; a star stands for one name. */
  readonly pattern: string
  /** Folders and files of this repository besides itself; `*` is everything. */
  readonly files: readonly string[]
  /** Packages; `node:*` is Node's own modules, `*` is every package. */
  readonly packages: readonly string[]
  /** Packages that `*` leaves out. */
  readonly except: readonly string[]
}

const HEADING = '## Import rules'

/** The table of import rules: it stands in ARCHITECTURE.md and nowhere else. */
export function importTable(): readonly Part[] {
  return readTable(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'))
}

/**
 * Reads the first table below the heading "Import rules": part, files, packages. What stands in
 * backticks counts, the words around it do not, except for the word "except".
 */
export function readTable(markdown: string): readonly Part[] {
  const [, section] = markdown.split(`\n${HEADING}\n`)
  const rows = (section?.split('\n## ')[0] ?? '').split('\n').filter((line) => /^\| *`/.test(line))
  if (rows.length === 0) throw new Error(`ARCHITECTURE.md has no table under "${HEADING}"`)
  return rows.flatMap((row) => {
    const [, parts = '', files = '', packages = ''] = row.split('|')
    const [allowed = '', except = ''] = packages.split('except')
    return quoted(parts).map((pattern) => ({
      pattern,
      files: quoted(files),
      packages: quoted(allowed),
      except: quoted(except),
    }))
  })
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/** A part of the table as it holds for one file: `own` is the folder it makes one with. */
export interface Place {
  readonly part: Part
  readonly own: string
}

/** The part in which a file stands: the longest pattern that matches. */
export function placeOf(table: readonly Part[], path: string): Place | undefined {
  const places = table.flatMap((part) => {
    const own = match(part.pattern, path)
    return own === undefined ? [] : [{ part, own }]
  })
  return places.sort((a, b) => b.part.pattern.length - a.part.pattern.length)[0]
}

/** Whether a pattern of the table takes in the file at `path`. */
export function matches(pattern: string, path: string): boolean {
  return match(pattern, path) !== undefined
}

/** The part of `path` that the pattern names: a folder, or all of it where it names a file. */
function match(pattern: string, path: string): string | undefined {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', pattern === '*' ? '.*' : '[^/]+')
  const end = pattern.endsWith('/') ? '' : '$'
  return new RegExp(`^${source}${end}`).exec(path)?.[0]
}
