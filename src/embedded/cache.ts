import { constants } from 'node:fs'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { ownedName, removeLeftovers } from './leftovers.ts'

const NAMES_TO_TRY = 10

/**
 * A copy of `source` under `root` that every user can read, made once per `version` and reused by
 * later starts. Complete when it appears: it is built under another name and renamed.
 *
 * A directory of that name that somebody else owns, or could write to, is never used: the next
 * name is.
 */
export async function cachedCopy(source: string, root: string, version: string): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const base = `onceover-postgres-${version}-${uid}`
  await removeLeftovers(root, `${base}.new-`, [uid])
  for (let attempt = 0; attempt < NAMES_TO_TRY; attempt++) {
    const copy = join(root, attempt === 0 ? base : `${base}.${attempt}`)
    const state = await stateOf(copy, source, uid)
    if (state === 'complete') return copy
    if (state === 'foreign') continue
    const temporary = join(root, await ownedName(`${base}.new-`))
    try {
      await copyTree(source, temporary)
      await restoreLinks(source, temporary)
      await publish(temporary, copy, async () => (await stateOf(copy, source, uid)) === 'complete')
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
    if ((await stateOf(copy, source, uid)) === 'complete') return copy
  }
  throw new Error(`every name for the copy of PostgreSQL under ${root} is taken`)
}

async function stateOf(
  copy: string,
  source: string,
  uid: number,
): Promise<'complete' | 'absent' | 'foreign'> {
  const found = await lstat(copy).catch(() => undefined)
  if (found === undefined) return 'absent'
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0) return 'foreign'
  return (await isComplete(copy, source)) ? 'complete' : 'absent'
}

// Systems that clean temporary directories by age leave a copy with holes.
async function isComplete(copy: string, source: string): Promise<boolean> {
  const present = new Set(await readdir(copy, { recursive: true }))
  const wanted = await readdir(source, { recursive: true })
  const links = (await missingLinks(source)).map((link) => link.target)
  return [...wanted, ...links].every((name) => present.has(name))
}

async function publish(
  temporary: string,
  copy: string,
  isComplete: () => Promise<boolean>,
): Promise<void> {
  const renamed = await rename(temporary, copy).then(
    () => true,
    () => false,
  )
  // Not empty: another process was quicker, and its copy stands, or it is an old one with holes.
  if (renamed || (await isComplete())) return
  const aside = `${temporary}.old`
  await rename(copy, aside).catch(() => undefined)
  await rm(aside, { recursive: true, force: true })
  await rename(temporary, copy).catch(() => undefined)
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755) // Whatever the umask says: the server may run as another user.
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyTree(source, target)
    else {
      // Symbolic links are followed: a copy must not point back into the package.
      await copyFile(source, target, constants.COPYFILE_FICLONE)
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644)
    }
  }
}

interface Link {
  /** Both are relative to the `native` directory. */
  readonly source: string
  readonly target: string
}

/** The links that npm drops from a package, and that its install script would have made again. */
async function missingLinks(native: string): Promise<readonly Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const listed: unknown = JSON.parse(text)
  const links = Array.isArray(listed) ? listed : []
  const inside = (path: unknown): string => String(path).replace(/^native\//, '')
  return links.map((link) => ({ source: inside(link.source), target: inside(link.target) }))
}

async function restoreLinks(native: string, copy: string): Promise<void> {
  for (const link of await missingLinks(native)) {
    const target = join(copy, link.target)
    await rm(target, { force: true })
    await symlink(relative(dirname(target), join(copy, link.source)), target)
  }
}
