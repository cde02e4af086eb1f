import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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
    if (owner === undefined) continue
    if (!isAlive(owner)) await removeStale(path, owner)
    else {
      if (!told) onWait(owner)
      told = true
      await sleep(POLL_MS)
    }
  }
  try {
    await action()
  } finally {
    await rm(path, { force: true })
  }
}

/**
 * Links a written file into place: a process killed midway leaves no lock without an owner.
 *
 * @param {string} path
 */
async function take(path) {
  const written = `${path}.${process.pid}.new`
  await writeFile(written, String(process.pid))
  try {
    await link(written, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(written, { force: true })
  }
}

/**
 * The pid in the lock, 0 where it holds none; undefined when it has just gone.
 *
 * @param {string} path
 */
async function ownerOf(path) {
  const content = await readFile(path, 'utf8').catch(() => undefined)
  return content === undefined ? undefined : Number.parseInt(content, 10) || 0
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
  // To kill(), 0 is the own group of processes.
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
