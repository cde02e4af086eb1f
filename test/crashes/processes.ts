import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CrashTask, CrashTold } from './task.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A process that does one task, and may not live to its end. */
export interface CrashProcess {
  readonly process: ChildProcess
  /** The first thing that it tells of a kind. */
  told<Kind extends CrashTold['kind']>(
    kind: Kind,
  ): Promise<Extract<CrashTold, { readonly kind: Kind }>>
  /** Whether it was killed; rejects where it failed. */
  readonly ended: Promise<'killed' | 'done'>
}

/**
 * Starts a process of its own for a task. It runs the sources, as the tests do.
 *
 * @param script the file beside this one that it runs
 */
export function startProcess<Task extends object = CrashTask>(
  task: Task,
  script = 'worker.ts',
): CrashProcess {
  const worker = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(worker, [JSON.stringify(task)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const all: CrashTold[] = []
  const waiting = new Set<() => void>()
  const ended = new Promise<'killed' | 'done'>((resolve, reject) => {
    child.on('message', (told: CrashTold) => {
      if (told.kind === 'error') reject(new Error(`${told.code}: ${told.message}`))
      all.push(told)
      for (const look of waiting) look()
    })
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve('killed')
      else if (code === 0) resolve('done')
      else reject(new Error(`the process ended with ${signal ?? code}`))
    })
  })
  ended.catch(() => {})
  const told = <Kind extends CrashTold['kind']>(kind: Kind) =>
    new Promise<Extract<CrashTold, { readonly kind: Kind }>>((resolve, reject) => {
      const look = () => {
        const found = all.find((each) => each.kind === kind)
        if (!found) return
        waiting.delete(look)
        resolve(found as Extract<CrashTold, { readonly kind: Kind }>)
      }
      waiting.add(look)
      look()
      ended.then(() => reject(new Error(`it ended and never told ${kind}`)), reject)
    })
  return { process: child, told, ended }
}

/** Does tasks, as many at once as there are processors to spare. */
export async function inLanes<Task>(
  tasks: readonly Task[],
  lanes: number,
  work: (task: Task) => Promise<void>,
): Promise<void> {
  const waiting = [...tasks]
  const lane = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await work(task)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
