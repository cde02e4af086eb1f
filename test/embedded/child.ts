import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isAlive } from '../../src/embedded/lock.ts'

/** What the program child.mjs says of the server that it started. */
export interface ChildServer {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
}

/** A process that started a server of its own. */
export interface Child {
  readonly process: ChildProcess
  readonly server: ChildServer
  /** Stops the server and waits for the process to end. */
  stop(): Promise<void>
}

/** How to start the process. */
export interface ChildOptions {
  readonly installation: string
  readonly tmpdir: string
  /** The options of `startServer`. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
}

/** Runs child.mjs of an installation, with only PATH and what is given in its environment. */
export async function startChild(given: ChildOptions): Promise<Child> {
  const program = join(given.installation, 'child.mjs')
  const child = spawn(process.execPath, [program, JSON.stringify(given.options ?? {})], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', TMPDIR: given.tmpdir, ...given.env },
    ...(given.uid === undefined ? {} : { uid: given.uid, gid: given.uid }),
  })
  const exited = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  const server = JSON.parse(String(line))
  if (server.error) throw new Error(JSON.stringify(server.error, undefined, 2))
  return {
    process: child,
    server,
    stop: async () => {
      child.stdin.end('stop\n')
      await exited
    },
  }
}

/** Resolves when no process with this pid is left; the test's own time limit is the only limit. */
export async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20)
}

/** Resolves when `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

/** Runs one statement on a server and returns the first row. */
export async function ask(url: string, statement: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(statement)
    return rows[0] ?? {}
  } finally {
    await client.end()
  }
}
