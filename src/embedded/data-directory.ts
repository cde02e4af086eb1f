import { chown, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { OnceoverError } from '../core/error.ts'
import { type Account, canEnter, temporaryRoots } from './account.ts'
import { ownedName, removeLeftovers } from './leftovers.ts'

const EPHEMERAL = 'onceover-data-'

/** The directory of one server: the cluster, its password and its log lie in it. */
export interface DataDirectory {
  readonly path: string
  /** Whether it goes when the server stops. */
  readonly ephemeral: boolean
  /** The user that owns it and runs the server; `undefined` for ourselves. */
  readonly account: Account | undefined
}

/** A new directory that goes with its server. Those that killed runs left behind go first. */
export async function ephemeralDirectory(account: Account | undefined): Promise<DataDirectory> {
  const [root] = await temporaryRoots(account)
  if (root === undefined) {
    throw new OnceoverError('EMBEDDED_START_FAILED', {
      message: `No temporary directory is open to ${account?.name ?? 'this user'}.`,
      fix: 'Point TMPDIR at a directory that the user who runs the server may enter.',
    })
  }
  await removeLeftovers(root, EPHEMERAL, [process.getuid?.() ?? 0, account?.uid ?? 0])
  const path = join(root, await ownedName(EPHEMERAL))
  await mkdir(path, { mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
  return { path, ephemeral: true, account }
}

/**
 * The caller's own directory, made where it does not exist. As root, one that exists is served by
 * the user who owns it, so that it can be started again wherever it was started first.
 *
 * @throws EMBEDDED_START_FAILED when the server's user cannot use it.
 */
export async function callerDirectory(
  directory: string,
  account: Account | undefined,
): Promise<DataDirectory> {
  const path = resolve(directory)
  const owner = await takeDirectory(path, account)
  if (owner !== undefined && !(await canEnter(path, owner))) {
    throw unusable(path, `The server would run as ${owner.name}, who cannot enter ${path}.`)
  }
  return { path, ephemeral: false, account: owner }
}

async function takeDirectory(
  path: string,
  account: Account | undefined,
): Promise<Account | undefined> {
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { mode: 0o700 }).catch(() => undefined) // It may exist, or appear meanwhile.
  const found = await stat(path)
  if (!found.isDirectory()) throw unusable(path, `${path} is not a directory.`)
  if (account === undefined) return undefined
  if (found.uid !== 0) return { uid: found.uid, gid: found.gid, name: `uid ${found.uid}` }
  if ((await readdir(path)).length > 0) {
    throw unusable(path, `${path} belongs to root, as whom PostgreSQL refuses to run.`)
  }
  await chown(path, account.uid, account.gid)
  return account
}

function unusable(path: string, message: string): OnceoverError {
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message,
    fix: 'Choose a data directory that the user who runs the server may enter and write.',
    details: { dataDir: path },
  })
}

/** Removes an ephemeral directory, and leaves any other alone. */
export async function discard(directory: DataDirectory): Promise<void> {
  if (directory.ephemeral) await rm(directory.path, { recursive: true, force: true, maxRetries: 5 })
}
