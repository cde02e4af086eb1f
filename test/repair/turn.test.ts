import { setTimeout as sleep } from 'node:timers/promises'
import { guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

const visits = guard('visits', { table: 'visits', key: { v: int() } })

const ask = async (sql: string) => (await db.pool.query(sql)).rows

/** Waits until a query answers with rows. */
async function until(sql: string) {
  while ((await ask(sql)).length === 0) await sleep(20)
}

const OURS = `locktype = 'advisory' AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// Whatever comes back waits for the test's lock 42.
beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await ask(`CREATE TABLE visits (id int PRIMARY KEY, v int);
    INSERT INTO visits SELECT i, i / 2 FROM generate_series(0, 399) i;
    CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
    CREATE TRIGGER waits BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION waits()`)
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

test('what an apply removes after it lost its turn to an undo is lost to nobody', async () => {
  const plan = await once.planRepair(visits)
  const holder = await db.pool.connect()
  await holder.query('SELECT pg_advisory_lock(42)')
  let batches = 0
  const applying = once
    .applyRepair(visits, plan, { batchMs: 0.5, onProgress: () => batches++ })
    .catch(({ code }) => code)
  while (batches < 3) await sleep(5)
  await ask(`SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE granted AND objid <> 42 AND ${OURS}`)
  const undoing = once.undoRepair(plan.repair)
  const waits = until(`SELECT FROM pg_locks WHERE NOT granted AND objid = 42 AND ${OURS}`)
  await Promise.race([waits, undoing])
  await sleep(200)
  await holder.query('SELECT pg_advisory_unlock(42)')
  holder.release()
  await undoing
  expect(await applying).toBe('REPAIR_TAKEN')
  expect(await ask('SELECT FROM visits')).toHaveLength(400)
})
