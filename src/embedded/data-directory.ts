import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
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
  await makePrivate(path, account)
  return { path, ephemeral: true, account }
}

/**
 * The caller's own directory, made where it does not exist. One that exists is served by the user
 * who owns it, so that a server can be started again whoever `postgres` is by then.
 *
 * @throws EMBEDDED_START_FAILED when the server's user cannot reach it.
 */
export async function callerDirectory(
  directory: string,
  account: Account | undefined,
): Promise<DataDirectory> {
  const path = resolve(directory)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    await mkdir(resolve(path, '..'), { recursive: true })
    await makePrivate(path, account)
  }
  const owner = account && found && found.uid !== 0 ? ownerOf(found) : account
  if (owner === account && found !== undefined) await takeOver(path, account)
  if (owner !== undefined && !(await canEnter(path, owner))) {
    throw new OnceoverError('EMBEDDED_START_FAILED', {
      message: `The server would run as the user ${owner.name}, who cannot enter ${path}.`,
      fix: 'Choose a data directory whose parents that user may enter.',
      details: { dataDir: path, user: owner.name },
    })
  }
  return { path, ephemeral: false, account: owner }
}

/** Removes an ephemeral directory, and leaves any other alone. */
export async function discard(directory: DataDirectory): Promise<void> {
  if (directory.ephemeral) await rm(directory.path, { recursive: true, force: true, maxRetries: 5 })
}

function ownerOf(found: { readonly uid: number; readonly gid: number }): Account {
  return { uid: found.uid, gid: found.gid, name: `with the id ${found.uid}` }
}

async function makePrivate(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  await takeOver(path, account)
}

async function takeOver(path: string, account: Account | undefined): Promise<void> {
  await chmod(path, 0o700)
  if (account !== undefined) await chown(path, account.uid, account.gid)
}
