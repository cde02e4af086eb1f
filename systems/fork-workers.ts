import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a worker tells its parent. */
type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly message: string }

const running = new Set<ChildProcess>()

/** Kills every worker that is running; whoever waits for its result gets an error. */
export function killWorkers(): void {
  for (const worker of running) worker.kill('SIGKILL')
}

/**
 * Runs one task per worker process and returns their results in the order of the tasks. Every
 * process prepares first (connects, warms up); then all are released at the same moment.
 * Tasks and results are JSON values. `module` is a file that calls `workerMain`, such as
 * `new URL('./worker.js', import.meta.url)`. Rejects with the first worker's error.
 */
export async function forkWorkers<Task extends object, Result>(
  module: URL,
  tasks: readonly Task[],
): Promise<Result[]> {
  const workers = tasks.map(() =>
    fork(fileURLToPath(module), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  )
  for (const worker of workers) running.add(worker)
  try {
    await Promise.all(workers.map((worker, index) => tell(worker, tasks[index] ?? {})))
    const results = await Promise.all(workers.map((worker) => tell(worker, 'go')))
    return results as Result[]
  } finally {
    for (const worker of workers) {
      running.delete(worker)
      worker.kill()
    }
  }
}

/** Sends a message and gives the worker's answer to it, or an error where it failed or died. */
function tell(worker: ChildProcess, message: object | string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null, signal: string | null) =>
      reject(new Error(`a worker process ended early (${signal ?? `exit code ${code}`})`))
    worker.once('error', reject)
    worker.once('exit', gone)
    worker.once('message', (answer: FromWorker) => {
      worker.off('exit', gone)
      worker.off('error', reject)
      if (answer.kind === 'failure') reject(new Error(answer.message))
      else resolve(answer.kind === 'result' ? answer.value : undefined)
    })
    worker.send(message, (error) => error && reject(error))
  })
}

/**
 * The other half, called once by a worker's module. `prepare` gets the task, connects, and gives
 * back the work itself, which starts when every other worker is ready too.
 */
export function workerMain<Task, Result>(
  prepare: (task: Task) => Promise<() => Promise<Result>>,
): void {
  const send = (message: FromWorker) => process.send?.(message)
  const fail = (error: unknown) =>
    send({
      kind: 'failure',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  process.once('disconnect', () => process.exit())
  process.once('message', (task: Task) => {
    prepare(task).then((work) => {
      process.once('message', () => {
        work().then((value) => send({ kind: 'result', value }), fail)
      })
      send({ kind: 'ready' })
    }, fail)
  })
}
