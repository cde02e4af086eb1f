import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Binaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import type { DataDirectory } from './data-directory.ts'
import { readLock, runningPostmaster } from './lock.ts'
import { spawnWrapper, type Wrapper } from './wrapper.ts'

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
 * @throws EMBEDDED_IN_USE when another server was quicker to take the cluster.
 * @throws EMBEDDED_START_FAILED with the last lines of its log as `details.log`.
 */
export async function startPostmaster(launch: Launch): Promise<Postmaster> {
  const { directory, cluster } = launch
  const log = join(directory.path, 'server.log')
  const wrapper = spawnWrapper({
    account: directory.account,
    log,
    removeAtEnd: directory.ephemeral ? directory.path : '',
    command: [join(launch.binaries.bin, 'postgres'), '-D', cluster.path, ...settingFlags(launch)],
  })
  const started = await untilReady(wrapper, cluster)
  if (started.pid !== undefined) {
    const { pid } = started
    wrapper.unref()
    return { pid, stop: () => stop(pid, wrapper, cluster) }
  }
  const tail = await lastLines(log)
  await stop(undefined, wrapper, cluster)
  throw startFailed(started, tail, launch)
}

function settingFlags({ port, settings }: Launch): readonly string[] {
  return Object.entries({
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    timezone: 'UTC', // The same everywhere; initdb would take the machine's.
    log_timezone: 'UTC',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

interface Started {
  readonly pid?: number
  readonly why?: string
  readonly cause?: Error | undefined
}

async function untilReady(wrapper: Wrapper, cluster: Cluster): Promise<Started> {
  const serverPid = await wrapper.serverPid
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!wrapper.hasEnded() && Date.now() < deadline) {
    const lock = await readLock(cluster.path)
    // A lock of another pid belongs to a server that was quicker: ours is about to give up.
    if (lock?.ready && lock.pid === serverPid) return { pid: serverPid }
    await sleep(POLL_MS)
  }
  return wrapper.hasEnded()
    ? { why: 'stopped while starting', cause: await wrapper.ended }
    : { why: `was not ready after ${START_TIMEOUT_MS / 1000} s` }
}

async function stop(pid: number | undefined, wrapper: Wrapper, cluster: Cluster): Promise<void> {
  wrapper.close()
  await wrapper.ended
  // There is still a server to stop only when the wrapper itself was killed.
  if (pid === undefined || (await runningPostmaster(cluster.path)) !== pid) return
  process.kill(pid, 'SIGINT')
  while ((await runningPostmaster(cluster.path)) === pid) await sleep(POLL_MS)
}

function startFailed(started: Started, log: readonly string[], launch: Launch): OnceoverError {
  const details = { log, port: launch.port, dataDir: launch.directory.path }
  if (log.some((line) => line.includes('lock file "postmaster.pid" already exists'))) {
    return new OnceoverError('EMBEDDED_IN_USE', {
      message: `Another PostgreSQL server has just started on ${launch.directory.path}.`,
      details,
    })
  }
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message: `The embedded PostgreSQL server ${started.why}.`,
    details,
    cause: started.cause,
  })
}

async function lastLines(log: string): Promise<readonly string[]> {
  const content = await readFile(log, 'utf8').catch(() => '')
  return content.trim().split('\n').slice(-20)
}
