import pg from 'pg'
import { enforce } from '../../src/enforcement/enforce.ts'
import { date, guard, int } from '../../src/index.ts'
import { openDatabase } from '../../src/postgres/database.ts'

/** What a process enforces, and at which of its statements it kills itself. */
export interface EnforceTask {
  readonly url: string
  readonly table: string
  readonly kill: { readonly at: number; readonly answered: boolean }
}

type Query = (this: pg.Client, ...given: unknown[]) => unknown

/** Enforces the guard of a trial, and removes the duplicates behind the gate. */
export async function enforceTrial(url: string, table: string): Promise<boolean> {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  const made = guard(table, { table, key: { day: date(), room: int() } })
  const duplicates = `DELETE FROM ${table} a USING ${table} b
    WHERE (a.day, a.room) = (b.day, b.room) AND a.id > b.id`
  const repair = async () => {
    await pool.query(duplicates)
  }
  const { created } = await enforce(openDatabase(pool), made, { online: true, repair })
  await pool.end()
  return created
}

const die = () => process.kill(process.pid, 'SIGKILL')

function killAt({ at, answered }: EnforceTask['kill']): void {
  let sent = 0
  const prototype: { query: Query } = pg.Client.prototype as never
  const query = prototype.query
  prototype.query = function (this: pg.Client, ...given) {
    sent++
    const answer = query.apply(this, given)
    if (sent !== at) return answer
    // The driver hands a statement to the socket in the next tick.
    if (!answered) setImmediate(die)
    else if (answer instanceof Promise) answer.then(die, die)
    return answer
  }
}

const [given] = process.argv.slice(2)
if (given?.startsWith('{')) {
  const task: EnforceTask = JSON.parse(given)
  killAt(task.kill)
  await enforceTrial(task.url, task.table)
}
