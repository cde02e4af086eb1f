import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Task, Told } from './task.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** A process that does one task. */
export interface Worker {
  readonly process: ChildProcess
  /** Resolves when it has connected and waits for `go`. */
  readonly ready: Promise<void>
  go(): void
  /** Everything that it told, in order; rejects where it failed or died. */
  readonly done: Promise<readonly Told[]>
  /** Resolves when it has told `count` things. */
  told(count: number): Promise<void>
}

/** Starts a process of its own for a task. It runs the sources, as the tests do. */
export function startWorker(task: Task): Worker {
  const child = fork(worker, [JSON.stringify(task)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const all: Told[] = []
  const waiting: (() => void)[] = []
  let isReady = () => {}
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  const done = new Promise<readonly Told[]>((resolve, reject) => {
    child.on('message', (told: Told) => {
      if (told.kind === 'ready') isReady()
      else if (told.kind === 'error') reject(new Error(`${told.code}: ${told.message}`))
      else all.push(told)
      for (const each of waiting) each()
    })
    child.on('exit', (code, signal) => {
      if (code === 0) resolve(all)
      else reject(new Error(`the process ended with ${signal ?? code}`))
    })
  })
  // Who kills a process may not wait for it.
  done.catch(() => {})
  return {
    process: child,
    ready: Promise.race([ready, done.then(() => {})]),
    go: () => void child.send('go'),
    done,
    told: (count) =>
      new Promise((resolve) => {
        const look = () => all.length >= count && resolve()
        waiting.push(look)
        look()
      }),
  }
}

/** Runs tasks at once, each in a process of its own, released when all are ready. */
export async function race(tasks: readonly Task[]): Promise<readonly (readonly Told[])[]> {
  const workers = tasks.map(startWorker)
  try {
    await Promise.all(workers.map(({ ready }) => ready))
    for (const { go } of workers) go()
    return await Promise.all(workers.map(({ done }) => done))
  } finally {
    for (const { process } of workers) process.kill('SIGKILL')
  }
}
