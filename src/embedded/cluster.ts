import { randomBytes } from 'node:crypto'
import { access, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OnceoverError } from '../core/error.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { DataDirectory } from './data-directory.ts'
import { initdb } from './initdb.ts'
import { ownedName, removeLeftovers } from './leftovers.ts'
import { readLock, runningPostmaster } from './lock.ts'

const PASSWORD_FILE = 'onceover.password'

/** An initialised cluster that no server runs on. */
export interface Cluster {
  readonly path: string
  readonly password: string
}

/**
 * The cluster of a data directory, initialised where there is none: UTF8 whatever the environment
 * says, passwords by SCRAM, a random one for the superuser.
 *
 * @throws EMBEDDED_IN_USE when a server runs on it.
 * @throws EMBEDDED_START_FAILED when it cannot be initialised, or was made by another program.
 */
export async function openCluster(directory: DataDirectory, binaries: Binaries): Promise<Cluster> {
  const path = join(directory.path, 'cluster')
  if (!(await exists(path))) await initialise(directory, path, binaries)
  await clearLock(path)
  const password = await readFile(join(path, PASSWORD_FILE), 'utf8')
  return { path, password: password.trim() }
}

async function clearLock(path: string): Promise<void> {
  const pid = await runningPostmaster(path)
  if (pid !== undefined) {
    throw new OnceoverError('EMBEDDED_IN_USE', {
      message: `A PostgreSQL server (process ${pid}) already runs on ${path}.`,
      details: { cluster: path, pid },
    })
  }
  // Safe while backends of a killed server live on: PostgreSQL looks at its shared memory as well.
  if ((await readLock(path)) !== undefined) await rm(join(path, 'postmaster.pid'), { force: true })
}

// Made under another name and renamed, so that a run killed halfway leaves no half a cluster.
async function initialise(
  directory: DataDirectory,
  path: string,
  binaries: Binaries,
): Promise<void> {
  const { account } = directory
  if (await exists(join(directory.path, 'PG_VERSION'))) throw notOurs(directory.path)
  await removeLeftovers(directory.path, 'new-', [account?.uid ?? process.getuid?.() ?? 0])
  const staging = join(directory.path, await ownedName('new-'))
  const passwordFile = `${staging}.password`
  await writePrivate(passwordFile, randomBytes(24).toString('hex'), account)
  try {
    await initdb(staging, passwordFile, binaries, account)
    await rename(passwordFile, join(staging, PASSWORD_FILE))
    await rename(staging, path).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error // Else another start was quicker: its cluster stands.
    })
  } finally {
    await rm(passwordFile, { force: true })
    await rm(staging, { recursive: true, force: true })
  }
}

function notOurs(path: string): OnceoverError {
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message: `${path} is the data directory of another PostgreSQL installation.`,
    fix: 'Choose an empty directory, or one that an embedded server made.',
    details: { dataDir: path },
  })
}

async function writePrivate(
  path: string,
  content: string,
  account: Account | undefined,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    if (account !== undefined) await file.chown(account.uid, account.gid)
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
