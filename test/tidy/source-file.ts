import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the repository: its path from the root with `/` between, and what it says. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** The root of the repository, with a `/` at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const BUILT = /(^|\/)(node_modules|dist|build|coverage)\//
const BINARY = /\.(png|jpe?g|gif|ico|svg|woff2?)$/

function paths(): readonly string[] {
  const listing = execFileSync(
    'git',
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: ROOT, encoding: 'utf8' },
  )
  const listed = listing.split('\0').filter((path) => path !== '' && !BUILT.test(path))
  return [...new Set(listed)].filter((path) => isPresent(join(ROOT, path)))
}

/**
 * Every text file of the working tree: what git tracks, and what it would if it were added.
 * A checkout that belongs to another user is read as well: reading is all that is done here.
 */
export const repositoryFiles = (): readonly SourceFile[] =>
  paths()
    .filter((path) => !BINARY.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

/** Every picture and font of the working tree, without a text: what a page may lead to. */
export const repositoryPictures = (): readonly SourceFile[] =>
  paths()
    .filter((path) => BINARY.test(path))
    .map((path) => ({ path, text: '' }))

// A tracked file may have been deleted from the working tree, and a submodule is a folder.
const isPresent = (path: string): boolean => existsSync(path) && statSync(path).isFile()

/** The lines of a file; the newline at its end makes no line of its own. */
export function linesOf({ text }: SourceFile): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** The number of the line, from 1, on which the character at `offset` stands. */
export function lineAt({ text }: SourceFile, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
