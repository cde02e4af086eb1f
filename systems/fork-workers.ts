import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a worker is told: its task to prepare, then to start. */
type ToWorker = { readonly kind: 'task'; readonly task: unknown } | { readonly kind: 'go' }

/** What a worker tells its parent. */
type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly message: string }

const running = new Set<ChildProcess>()
const idle = new Map<string, ChildProcess[]>()

/** Kills every worker; whoever waits for the result of one gets an error. */
export function killWorkers(): void {
  for (const worker of [...running, ...[...idle.values()].flat()]) worker.kill('SIGKILL')
}

/**
 * Runs one task per worker process and returns their results in the order of the tasks. Every
 * process prepares first (connects, warms up); then all are released at the same moment.
 * Tasks and results are JSON values. `module` is a file that calls `workerMain`, such as
 * `new URL('./worker.js', import.meta.url)`; its processes stay for the next call, because starting
 * Node takes longer than most tasks. Rejects with the first worker's error.
 */
export async function forkWorkers<Task extends object, Result>(
  module: URL,
  tasks: readonly Task[],
): Promise<Result[]> {
  const workers = tasks.map(() => take(module))
  try {
    const prepared = workers.map((worker, index) =>
      tell(worker, { kind: 'task', task: tasks[index] }),
    )
    await Promise.all(prepared)
    const results = await Promise.all(workers.map((worker) => tell(worker, { kind: 'go' })))
    for (const worker of workers) keep(module, worker)
    return results as Result[]
  } finally {
    // Only after an error: what the others are doing is of no use any more.
    for (const worker of workers) if (running.delete(worker)) worker.kill()
  }
}

function take(module: URL): ChildProcess {
  const usable = idle.get(module.href)?.pop()
  if (usable?.connected === false) return take(module)
  const worker =
    usable ?? fork(fileURLToPath(module), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  worker.ref()
  worker.channel?.ref()
  running.add(worker)
  return worker
}

// An idle worker does not keep the parent alive; it ends with it.
function keep(module: URL, worker: ChildProcess): void {
  running.delete(worker)
  worker.unref()
  worker.channel?.unref()
  idle.set(module.href, [...(idle.get(module.href) ?? []), worker])
}

/** Sends a message and gives the worker's answer to it, or an error where it failed or died. */
function tell(worker: ChildProcess, message: ToWorker): Promise<unknown> {
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
 * The other half, called once by a worker's module. `prepare` gets a task, connects, and gives back
 * the work itself, which starts when every other worker is ready too. Tasks come one by one.
 */
export function workerMain<Task, Result>(
  prepare: (task: Task) => Promise<() => Promise<Result>>,
): void {
  let work: () => Promise<Result> = () => Promise.reject(new Error('There is no task.'))
  const send = (message: FromWorker) => process.send?.(message)
  const fail = (error: unknown) =>
    send({
      kind: 'failure',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  process.once('disconnect', () => process.exit())
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'go') work().then((value) => send({ kind: 'result', value }), fail)
    else {
      prepare(message.task as Task).then((prepared) => {
        work = prepared
        send({ kind: 'ready' })
      }, fail)
    }
  })
}
