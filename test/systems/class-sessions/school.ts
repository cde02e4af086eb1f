import { onceover } from 'onceover'
import { enforceGuards } from '../../../systems/class-sessions/enforce.ts'
import { healthyRows, loadRows } from '../../../systems/class-sessions/incident.ts'
import type { School } from '../../../systems/class-sessions/school.ts'
import { createTables, emptyTables } from '../../../systems/class-sessions/tables.ts'
import { testDatabase } from '../../support/database.ts'

/** A school in a database of its own. */
export interface TestSchool extends School {
  readonly url: string
  drop(): Promise<void>
}

/** A school with tables and people, without guards. */
export async function openSchool(series: number): Promise<TestSchool> {
  const { url, pool, drop } = await testDatabase()
  const once = await onceover({ db: pool })
  await createTables(pool)
  await loadRows(pool, healthyRows(series))
  return {
    ...{ url, pool, once },
    drop: async () => {
      await once.close()
      await drop()
    },
  }
}

/** A school with its guards in place and the audit on. */
export async function guardedSchool(series: number): Promise<TestSchool> {
  const school = await openSchool(series)
  await school.once.migrate()
  await enforceGuards(school)
  return school
}

/** Takes a school back to its people and its first series; guards stay. */
export async function reopen({ pool }: School, series: number): Promise<void> {
  await emptyTables(pool)
  await loadRows(pool, healthyRows(series))
}

/** The number of rows in a table. */
export async function count({ pool }: School, table: string): Promise<number> {
  return (await pool.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n
}
