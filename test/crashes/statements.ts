import pg from 'pg'
import type { CrashTask } from './task.ts'

type Query = (this: pg.Client, ...given: unknown[]) => unknown

let sent = 0

/** How many statements this process sent. */
export const statementsSent = (): number => sent

const die = () => process.kill(process.pid, 'SIGKILL')

const isCounted = (client: pg.Client): boolean => {
  const { application_name: name } = Reflect.get(client, 'connectionParameters')
  return name === 'work'
}

/**
 * Has this process kill itself around its nth statement. Those of a lease come when they come, and
 * those of the paid service are not its own: they are not counted.
 */
export function countStatements(kill: CrashTask['kill']): void {
  const prototype: { query: Query } = pg.Client.prototype as never
  const query = prototype.query
  prototype.query = function (this: pg.Client, ...given) {
    if (!isCounted(this)) return query.apply(this, given)
    sent++
    if (sent !== kill?.at) return query.apply(this, given)
    if (kill.moment === 'before it is sent') die()
    const last = given.at(-1)
    const heard =
      typeof last === 'function' && kill.moment === 'after its answer'
        ? [...given.slice(0, -1), die]
        : given
    const answer = query.apply(this, heard)
    // The driver hands a statement to the socket in the next tick.
    if (kill.moment === 'after it is sent') setImmediate(die)
    else if (answer instanceof Promise) answer.then(die, die)
    return answer
  }
}
