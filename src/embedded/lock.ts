import { execFile } from 'node:child_process'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What PostgreSQL writes in `postmaster.pid`, the lock of a data directory. */
export interface Lock {
  readonly pid: number
  /** Whether the server says that it accepts connections. */
  readonly ready: boolean
}

/** The lock of a cluster; `undefined` where there is none, or none that can be read yet. */
export async function readLock(cluster: string): Promise<Lock | undefined> {
  const content = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = content.split('\n')
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10))
  return Number.isNaN(pid) || pid === 0
    ? undefined
    : { pid, ready: (lines[7] ?? '').trim() === 'ready' }
}

/**
 * The pid of the server that runs on a cluster. `undefined` when the lock is stale: its process is
 * gone, or its pid now belongs to something that is no PostgreSQL server of this directory.
 */
export async function runningPostmaster(cluster: string): Promise<number | undefined> {
  const lock = await readLock(cluster)
  if (lock === undefined || !isAlive(lock.pid)) return undefined
  return (await isPostmasterOf(lock.pid, cluster)) ? lock.pid : undefined
}

/** Whether a process with this pid exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

// In doubt the answer is yes: taking a live lock for a stale one would destroy the data.
async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  const program = await programName(pid)
  if (program !== undefined && !/^(postgres|postmaster)/.test(program)) return false
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  return directory === undefined || directory === (await realpath(cluster))
}

async function programName(pid: number): Promise<string | undefined> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (commandLine !== undefined) return basename(commandLine.split('\0')[0] ?? '')
  const listed = await run('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => undefined)
  return listed === undefined ? undefined : basename(listed.stdout.trim())
}
