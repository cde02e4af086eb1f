import { type Onceover, onceover } from 'onceover'
import { plantIncident, plantPeople } from '../../../systems/lessons/fixture.ts'
import { lessons } from '../../../systems/lessons/guards.ts'
import { createSchema } from '../../../systems/lessons/queries.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

/** The lessons system on a database of its own, the incident's lessons in it. */
export interface TestSystem {
  readonly once: Onceover
  readonly pool: TestDatabase['pool']
  readonly url: string
  /** What `enforce` said of the constraint that the table has had all along. */
  readonly enforced: Awaited<ReturnType<Onceover['enforce']>>
  /** The lessons on a date, as [school, slot]. */
  lessonsOn(date: string): Promise<[string | null, string][]>
  drop(): Promise<void>
}

/** Opens the system. */
export async function testSystem(): Promise<TestSystem> {
  const { pool, url, drop } = await testDatabase()
  await createSchema(pool)
  await plantPeople(pool)
  await plantIncident(pool)
  const once = await onceover({ db: pool })
  await once.migrate()
  const enforced = await once.enforce(lessons)
  return {
    once,
    pool,
    url,
    enforced,
    lessonsOn: async (date) => {
      const { rows } = await pool.query(
        `SELECT school_id, time_slot FROM ai_generated_lessons
         WHERE lesson_date = $1 ORDER BY time_slot, school_id`,
        [date],
      )
      return rows.map((row) => [row.school_id, row.time_slot])
    },
    drop: async () => {
      await once.close()
      await drop()
    },
  }
}
