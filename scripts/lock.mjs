import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Runs `action` while no other process does, by a file that holds the owner's pid. The lock of a
 * process that is gone is taken over.
 *
 * @param {string} path
 * @param {() => Promise<void>} action
 * @param {(pid: number) => void} onWait called once, when another process has the lock
 */
export async function withLock(path, action, onWait) {
  await mkdir(dirname(path), { recursive: true })
  let told = false
  while (!(await take(path))) {
    const owner = await ownerOf(path)
    if (owner !== undefined && !isAlive(owner)) await removeStale(path, owner)
    else {
      if (owner !== undefined && !told) onWait(owner)
      told ||= owner !== undefined
      await sleep(POLL_MS)
    }
  }
  try {
    await action()
  } finally {
    await rm(path, { force: true })
  }
}

/** @param {string} path */
async function take(path) {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * The pid in the lock; undefined while it is being written, or when it has just gone.
 *
 * @param {string} path
 */
async function ownerOf(path) {
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10)
  return Number.isNaN(pid) ? undefined : pid
}

/**
 * Moves the lock aside before removing it: of two processes that find it stale only one can, and
 * one that came too late and moved a new lock puts it back.
 *
 * @param {string} path
 * @param {number} owner
 */
async function removeStale(path, owner) {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await ownerOf(aside)) === owner) await rm(aside, { force: true })
  else await rename(aside, path)
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
