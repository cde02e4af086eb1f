import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const script = fileURLToPath(new URL('./writer.ts', import.meta.url))

/** What a process writes, one statement after another, until it is told to stop. */
export interface WriterTask {
  readonly url: string
  /** Rows and children of the same keys, or nothing but duplicates. */
  readonly how: 'seats' | 'duplicates'
  readonly keys: number
  readonly seed: number
}

/** What a process wrote. */
export interface Wrote {
  readonly writes: number
  /** How many of them failed, by SQLSTATE. */
  readonly errors: Readonly<Record<string, number>>
  /** How long the longest statement took. */
  readonly longestMs: number
}

/** Processes that write. */
export interface Writers {
  /** Ends them, each after its statement. */
  stop(): Promise<readonly Wrote[]>
}

/** A message of such a process. */
export type WriterTold = 'writing' | Wrote

/** Starts processes, and resolves when each of them writes. They run the sources. */
export async function startWriters(
  count: number,
  task: Omit<WriterTask, 'seed'>,
): Promise<Writers> {
  const started = Array.from({ length: count }, (_, seed) => {
    const child = fork(script, [JSON.stringify({ ...task, seed })], {
      cwd: repository,
      execArgv: ['--import', 'jiti/register'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    let isWriting = () => {}
    const writing = new Promise<void>((resolve) => {
      isWriting = resolve
    })
    const wrote = new Promise<Wrote>((resolve, reject) => {
      child.on('message', (told: WriterTold) => {
        if (told === 'writing') isWriting()
        else resolve(told)
      })
      child.on('exit', (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)))
    })
    wrote.catch(() => {})
    return { child, wrote, writing: Promise.race([writing, wrote.then(() => {})]) }
  })
  await Promise.all(started.map(({ writing }) => writing))
  return {
    stop: async () => {
      for (const { child } of started) child.send('stop')
      return Promise.all(started.map(({ wrote }) => wrote))
    },
  }
}
