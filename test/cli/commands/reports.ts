import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Ended, installedProject, type Project } from '../installed.ts'

// Units wait for the file GATE where it is set, and FAIL makes those of student 3 fail. LOSE loses
// the answer of the call that `submitted` makes for each.
const CONFIG = `
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { date, generator, guard, int, sql } from 'onceover'

const reports = guard('reports', { table: 'reports', key: { day: date(), student: int() } })

const save = (tx, { unit }) =>
  tx.query('INSERT INTO reports (day, student) VALUES ($1, $2)', [unit.key.day, unit.key.student])

const generators = {
  monthly: generator(reports, {
    expected: ({ from, to, students = 3 }) => sql\`
      SELECT day::date AS day, student
      FROM generate_series(\${from}::date, \${to}::date, '1 day') AS day,
        generate_series(1, \${students}::int) AS student\`,
    make: async ({ key }) => {
      if (process.env.FAIL && key.student === 3) throw new Error('no words')
      while (process.env.GATE && !existsSync(process.env.GATE)) await sleep(10)
    },
    save,
    attempts: 1,
  }),
  submitted: generator(reports, {
    make: (unit, claim) =>
      claim.step('submit', () => {
        if (process.env.LOSE) throw new Error('the connection broke')
        return { receipt: 7 }
      }),
    save,
    attempts: 2,
    backoff: '100s',
  }),
}

export default { guards: [reports], generators }`

/** A project with a generator of reports, and a database that is migrated. */
export interface Reports {
  readonly project: Project
  readonly db: TestDatabase
  /** A file that opens the gate. */
  readonly gate: string
  /** Runs a command on the database. */
  onceover(args: readonly string[], env?: Record<string, string>): Promise<Ended>
  /** Empties the table and the ledger, but for its events, and closes the gate. */
  empty(): Promise<void>
  /** The number of rows of a table. */
  count(from: string): Promise<number>
  close(): Promise<void>
}

/** Opens a project of reports. */
export async function openReports(): Promise<Reports> {
  const [db, project] = await Promise.all([testDatabase(), installedProject()])
  const gate = join(project.directory, 'gate')
  await project.write('onceover.config.ts', CONFIG)
  await db.pool.query(`CREATE TABLE reports (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date NOT NULL, student int NOT NULL, UNIQUE (day, student))`)
  await project.run(['migrate', '--db', db.url])
  return {
    project,
    db,
    gate,
    onceover: ([command = '', ...args], env) =>
      project.run([command, '--db', db.url, ...args], env),
    empty: async () => {
      await db.pool.query(
        'TRUNCATE reports, onceover.claim, onceover.step, onceover.run, onceover.lease',
      )
      await rm(gate, { force: true })
    },
    count: async (from) => {
      const { rows } = await db.pool.query(`SELECT count(*)::int AS found FROM ${from}`)
      return rows[0]?.found ?? 0
    },
    close: async () => {
      await project.remove()
      await db.drop()
    },
  }
}

/** The JSON objects of an output, one per line. */
export const records = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
