import { type Guard, guard, int, type Onceover, onceover } from '../../../src/index.ts'
import { duplicateRoutes } from '../../../src/server/routes/duplicates.ts'
import { enforcementRoutes } from '../../../src/server/routes/enforcement.ts'
import { guardRoutes } from '../../../src/server/routes/guards.ts'
import { repairRoutes } from '../../../src/server/routes/repairs.ts'
import { type Server, server, type Underway } from '../../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Ask, asking } from '../asking.ts'

// Ten groups of three visits, and a line for each visit.
const VISITS = `
  CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, status text DEFAULT 'OPEN');
  INSERT INTO visits SELECT i, i / 3 FROM generate_series(0, 29) i;
  CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits ON DELETE CASCADE);
  CREATE INDEX ON lines (visit_id);
  INSERT INTO lines SELECT i, i FROM generate_series(0, 29) i`

/** A visit of a patient. */
export const visits: Guard = guard('visits', { table: 'visits', key: { v: int() } })

// Its table is missing.
const lost: Guard = guard('lost', { table: 'nowhere', key: { v: int() } })

/** A server on a database of its own. */
export interface Served {
  readonly db: TestDatabase
  readonly once: Onceover
  readonly ask: Ask
  readonly server: Server
  /** The latest work of the guard of visits, once it has ended. */
  ended(): Promise<Underway>
  /** Makes the tables anew. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Serves the guards of the tests; everybody may write. */
export async function serveVisits(): Promise<Served> {
  const db = await testDatabase()
  const once = await onceover({ db: db.pool })
  const served = server({ once, guards: [visits, lost], write: true })
  const routes = [...guardRoutes, ...duplicateRoutes, ...repairRoutes, ...enforcementRoutes]
  const ask = asking(served, routes)
  return {
    db,
    once,
    server: served,
    ask,
    ended: async () => {
      for (;;) {
        const { underway } = await ask('GET /guards/visits')
        if (underway?.endedAt) return underway
      }
    },
    reset: async () => {
      await db.pool.query('DROP TABLE IF EXISTS lines, visits')
      await db.pool.query(VISITS)
    },
    close: async () => {
      await served.close()
      await once.close()
      await db.drop()
    },
  }
}
