import { randomBytes } from 'node:crypto'
import { lstat, readdir, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, runningPostmaster } from './lock.ts'

/**
 * A name for something that lives no longer than this process:
 * `<prefix><namespace>-<pid>-<random>`. A pid means something only in its pid namespace, so
 * containers that share a temporary directory do not take each other's for dead.
 */
export async function ownedName(prefix: string): Promise<string> {
  return `${prefix}${await pidNamespace()}-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** Removes what processes that are gone left in `directory` under {@link ownedName} names. */
export async function removeLeftovers(
  directory: string,
  prefix: string,
  uids: readonly number[],
): Promise<void> {
  const ours = `${prefix}${await pidNamespace()}-`
  const entries = await readdir(directory).catch(() => [])
  for (const entry of entries) {
    const pid = entry.startsWith(ours) ? Number(entry.slice(ours.length).split('-')[0]) : Number.NaN
    if (!Number.isSafeInteger(pid) || isAlive(pid)) continue
    await removeLeftover(join(directory, entry), uids).catch(() => undefined)
  }
}

async function removeLeftover(path: string, uids: readonly number[]): Promise<void> {
  const { uid } = await lstat(path)
  if (!uids.includes(uid)) return
  const postmaster = await runningPostmaster(join(path, 'cluster'))
  // An orphan that outlived both its owner and its wrapper: the next start removes its directory.
  if (postmaster !== undefined) process.kill(postmaster, 'SIGINT')
  else await rm(path, { recursive: true, force: true })
}

async function pidNamespace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '')
  return /\d+/.exec(link)?.[0] ?? '0'
}
