import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReportUnit } from './selection.ts'

/** What a process that may be killed is told. */
export interface KillTask {
  readonly url: string
  readonly name: string
  readonly units: readonly ReportUnit[]
  /** `replace` makes anew what has new data. */
  readonly onDuplicate: 'skip' | 'replace'
  readonly reason: string
  /** How long it waits for units that another has in flight. */
  readonly wait: string
  /** How long each report takes to write, in milliseconds. */
  readonly writingMs: number
}

/** What it tells while it runs, and in the end. */
export interface KillTold {
  readonly kind: 'ready' | 'progress' | 'end'
  /** Its run in the ledger; null before it has begun. */
  readonly run: string | null
  /** Batches that it made so far. */
  readonly made: number
  /** Units that it holds now. */
  readonly held: number
}

/** How a process ended. */
export interface WorkerEnd {
  readonly name: string
  readonly pid: number
  /** The last that it told. */
  readonly last: KillTold
  /** What it had told when it was killed; undefined where it was not. */
  readonly killed: KillTold | undefined
}

/** The module that each process runs, and its arguments. */
export type Program = readonly [module: string, ...args: string[]]

/** Tells of a process that gets SIGKILL at this moment. */
export type OnKill = (victim: { readonly name: string; readonly pid: number } & KillTold) => void

const MODULE = fileURLToPath(new URL(`./killed-worker${extname(import.meta.url)}`, import.meta.url))

/** What the build leaves beside this file. */
export const BUILT: Program = [MODULE]

interface Worker {
  /** Settles when it has connected and waits for `go`. */
  readonly ready: Promise<void>
  go(): void
  readonly done: Promise<WorkerEnd>
}

const running = new Set<ChildProcess>()

/** Ends every process that still runs here. */
export function endKillWorkers(): void {
  for (const child of running) child.kill('SIGKILL')
}

/**
 * Runs a process per task, all released at once, and kills the first with SIGKILL as soon as it has
 * made a batch and holds others; the rest take those over when its lease is dead, and finish.
 */
export async function killFirst(
  tasks: readonly KillTask[],
  onKill: OnKill,
  program: Program = BUILT,
): Promise<readonly WorkerEnd[]> {
  const workers = tasks.map((task, n) => start(task, n === 0 ? onKill : undefined, program))
  // Whoever started first would have made everything.
  await Promise.all(workers.map(({ ready }) => ready))
  for (const { go } of workers) go()
  return Promise.all(workers.map(({ done }) => done))
}

function start(task: KillTask, onKill: OnKill | undefined, [module, ...args]: Program): Worker {
  const child = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  const { name } = task
  const pid = child.pid ?? 0
  let killed: KillTold | undefined
  let last: KillTold = { kind: 'ready', run: null, made: 0, held: 0 }
  let isReady = () => {}
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  const done = new Promise<WorkerEnd>((resolve, reject) => {
    child.on('message', (told: KillTold) => {
      last = told
      if (told.kind === 'ready') return isReady()
      if (!onKill || killed || told.kind === 'end' || told.made === 0 || told.held === 0) return
      killed = told
      onKill({ name, pid, ...told })
      child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      running.delete(child)
      if (code === 0 || killed) resolve({ name, pid, last, killed })
      else reject(new Error(`${name} ended with exit code ${code}.`))
    })
  })
  // It may fail before anybody waits for its end.
  done.catch(() => {})
  child.send(task)
  return { ready: Promise.race([ready, done.then(() => {})]), go: () => child.send('go'), done }
}
