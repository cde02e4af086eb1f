import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorkTask, WorkTold } from './work-task.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const worker = fileURLToPath(new URL('./work-worker.ts', import.meta.url))

type Done = Extract<WorkTold, { readonly kind: 'done' }>
type Progress = Extract<WorkTold, { readonly kind: 'progress' }>

/** A process that works on a list. */
export interface WorkProcess {
  readonly process: ChildProcess
  /** What it came to; undefined where it was killed; rejects where it failed. */
  readonly done: Promise<Done | undefined>
}

/** Starts a process of its own for a task. It runs the sources, as the tests do. */
export function startWork(task: WorkTask, hear: (told: Progress) => void = () => {}): WorkProcess {
  const child = fork(worker, [JSON.stringify(task)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const done = new Promise<Done | undefined>((resolve, reject) => {
    let last: Done | undefined
    child.on('message', (told: WorkTold) => {
      if (told.kind === 'error') reject(new Error(`${told.code}: ${told.message}`))
      else if (told.kind === 'done') last = told
      else hear(told)
    })
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve(last)
      else reject(new Error(`the process ended with ${signal ?? code}`))
    })
  })
  done.catch(() => {})
  return { process: child, done }
}
