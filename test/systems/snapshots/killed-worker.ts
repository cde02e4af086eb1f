import pg from 'pg'
import { workerMain } from '../../../systems/fork-workers.ts'
import { type CloseResult, type CloseTask, prepareRun } from '../../../systems/snapshots/tasks.ts'

/** A run whose process kills itself at its nth statement, from 1, before or after it is sent. */
export interface KilledTask extends CloseTask {
  readonly killAt: number
  readonly sent: boolean
}

/** What a run came to that had fewer statements than that. */
export interface SurvivedResult extends CloseResult {
  readonly statements: number
}

const prototype: { query: (...given: unknown[]) => unknown } = pg.Client.prototype
const query = prototype.query
let statements = 0
let killAt = 0
let sent = false

prototype.query = function (this: unknown, ...given: unknown[]) {
  statements++
  if (statements !== killAt) return query.apply(this, given)
  if (!sent) process.kill(process.pid, 'SIGKILL')
  const answer = query.apply(this, given)
  // The driver hands a statement to the socket in the next tick.
  setImmediate(() => process.kill(process.pid, 'SIGKILL'))
  return answer
}

workerMain(async (task: KilledTask) => {
  const run = await prepareRun(task)
  return async (): Promise<SurvivedResult> => {
    // A process that survived gets a second task: counting starts again.
    statements = 0
    killAt = task.killAt
    sent = task.sent
    return { ...(await run()), statements }
  }
})
