import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a writer wrote, what it was refused, and its longest statement in milliseconds. */
export interface Wrote {
  readonly rows: number
  readonly refused: number
  readonly longestMs: number
}

const WRITERS = 4

const script = fileURLToPath(new URL('./writer.ts', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

async function start(url: string, first: number, startedMs: number): Promise<ChildProcess> {
  const child = fork(script, [url, String(first), String(startedMs)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [ready] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (ready !== 'ready') throw new Error(`A writer ended with ${ready}.`)
  return child
}

async function stop(child: ChildProcess): Promise<Wrote> {
  const told = Promise.race([once(child, 'message'), once(child, 'exit')])
  child.send('stop')
  const [wrote] = await told
  if (typeof wrote === 'object' && wrote !== null) return wrote
  throw new Error(`A writer ended with ${wrote}.`)
}

/**
 * Runs `work` while four processes write the same new keys, and duplicates of them.
 *
 * @param first the number of the first new key
 * @returns what `work` answered, and what all of them wrote
 */
export async function whileWriting<T>(
  url: string,
  first: number,
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly wrote: Wrote }> {
  const startedMs = Date.now()
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, () => start(url, first, startedMs)),
  )
  try {
    const answer = await work()
    const all = await Promise.all(writers.map(stop))
    const sum = (of: 'rows' | 'refused') => all.reduce((total, each) => total + each[of], 0)
    const longestMs = Math.max(...all.map((each) => each.longestMs))
    return { answer, wrote: { rows: sum('rows'), refused: sum('refused'), longestMs } }
  } finally {
    for (const writer of writers) writer.kill()
  }
}
