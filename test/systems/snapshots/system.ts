import { type Onceover, onceover } from 'onceover'
import { snapshots } from '../../../systems/snapshots/guards.ts'
import {
  INCIDENT_PORTFOLIO,
  plantIncident,
  plantMarket,
} from '../../../systems/snapshots/incident.ts'
import { createSchema, selectPortfolio } from '../../../systems/snapshots/queries.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

/** The system on a database of its own, with the incident's portfolio before its four runs. */
export interface TestSystem {
  readonly database: TestDatabase
  readonly once: Onceover
  readonly pool: TestDatabase['pool']
  /** The equity of a portfolio, by default of the incident's. */
  equity(portfolioId?: string): Promise<string>
  drop(): Promise<void>
}

/** Opens the system; `enforced: false` leaves it without the unique index, as the incident was. */
export async function testSystem({ enforced = true } = {}): Promise<TestSystem> {
  const database = await testDatabase()
  const { pool } = database
  await createSchema(pool)
  await plantMarket(pool)
  await plantIncident(pool)
  const once = await onceover({ db: pool })
  await once.migrate()
  if (enforced) await once.enforce(snapshots)
  return {
    database,
    once,
    pool,
    equity: async (id = INCIDENT_PORTFOLIO) => (await selectPortfolio(pool, id)).equity,
    drop: async () => {
      await once.close()
      await database.drop()
    },
  }
}
