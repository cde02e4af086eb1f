import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import { asAccount } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import type { DataDirectory } from './data-directory.ts'
import { isAlive, readLock, runningPostmaster } from './lock.ts'
import { WRAPPER } from './wrapper.ts'

const START_TIMEOUT_MS = 120_000
const POLL_MS = 20

/** A server that accepts connections. */
export interface Postmaster {
  readonly pid: number
  /** Shuts it down and waits until it is gone. */
  stop(): Promise<void>
}

/** What a server is started with. */
export interface Launch {
  readonly binaries: Binaries
  readonly directory: DataDirectory
  readonly cluster: Cluster
  readonly port: number
  readonly settings: Readonly<Record<string, string | number | boolean>>
}

/**
 * Starts a server on a cluster and waits until it accepts connections.
 *
 * @throws EMBEDDED_START_FAILED with the last lines of its log as `details.log`.
 */
export async function startPostmaster(launch: Launch): Promise<Postmaster> {
  const wrapper = spawnWrapper(launch)
  const exited = new Promise<Error | undefined>((resolve) => {
    wrapper.once('error', resolve)
    wrapper.once('exit', () => resolve(undefined))
  })
  try {
    const pid = await untilReady(launch, wrapper, exited)
    // From here on the server lives as long as this process, and does not keep it alive.
    wrapper.unref()
    if (wrapper.stdin && 'unref' in wrapper.stdin)
      (wrapper.stdin as unknown as { unref(): void }).unref()
    return { pid, stop: () => stop(launch.cluster, wrapper, exited) }
  } catch (error) {
    await stop(launch.cluster, wrapper, exited)
    throw error
  }
}

function spawnWrapper(launch: Launch): ChildProcess {
  const { binaries, directory, cluster, port, settings } = launch
  const flags = Object.entries({
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = [
    logFile(directory),
    directory.ephemeral ? directory.path : '',
    join(binaries.bin, 'postgres'),
    ...['-D', cluster.path, ...flags],
  ]
  // A session of its own: Ctrl-C in the terminal reaches us, and the server through us alone.
  return spawn('/bin/sh', ['-c', WRAPPER, 'onceover-postgres', ...args], {
    ...asAccount(directory.account),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
  })
}

async function untilReady(
  launch: Launch,
  wrapper: ChildProcess,
  exited: Promise<Error | undefined>,
): Promise<number> {
  let ended = false
  let cause: Error | undefined
  exited.then((error) => {
    ended = true
    cause = error
  })
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!ended && Date.now() < deadline) {
    const lock = await readLock(launch.cluster.path)
    if (lock?.ready && isAlive(lock.pid)) return lock.pid
    await sleep(POLL_MS)
  }
  const why = ended ? 'stopped while starting' : `was not ready after ${START_TIMEOUT_MS / 1000} s`
  throw new OnceoverError('EMBEDDED_START_FAILED', {
    message: `The embedded PostgreSQL server ${why}.`,
    details: { log: await logTail(launch.directory), port: launch.port, wrapper: wrapper.pid },
    cause,
  })
}

async function stop(
  cluster: Cluster,
  wrapper: ChildProcess,
  exited: Promise<Error | undefined>,
): Promise<void> {
  wrapper.ref()
  wrapper.stdin?.on('error', () => undefined)
  wrapper.stdin?.end()
  await exited
  // Only when the wrapper itself was killed is there still a server to stop.
  let pid = await runningPostmaster(cluster.path)
  if (pid !== undefined) process.kill(pid, 'SIGINT')
  while (pid !== undefined) {
    await sleep(POLL_MS)
    pid = await runningPostmaster(cluster.path)
  }
}

function logFile(directory: DataDirectory): string {
  return join(directory.path, 'server.log')
}

async function logTail(directory: DataDirectory): Promise<readonly string[]> {
  const log = await readFile(logFile(directory), 'utf8').catch(() => '')
  return log.trim().split('\n').slice(-20)
}
