import { type Guard, guard, int, type Onceover, onceover } from 'onceover'
import type { PoolClient } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

const visits = guard('visits', { table: 'visits', key: { v: int() } })

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

// Ten groups of three: the losers are those that three does not divide.
beforeEach(async () => {
  await db.pool.query(`DROP TABLE IF EXISTS bills, lines, visits CASCADE;
    DROP FUNCTION IF EXISTS fires CASCADE;
    CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, status text DEFAULT 'OPEN');
    INSERT INTO visits SELECT i, i / 3 FROM generate_series(0, 29) i;
    CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits ON DELETE CASCADE);
    CREATE INDEX ON lines (visit_id);
    INSERT INTO lines SELECT i, i FROM generate_series(0, 29) i`)
})

const all = async (table: string): Promise<string[]> =>
  (await db.pool.query(`SELECT t::text AS row FROM ${table} AS t ORDER BY 1`)).rows.map(
    ({ row }) => row,
  )

const both = async () => [await all('visits'), await all('lines')]

const trigger = (body: string, when: string) =>
  db.pool.query(`CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${body} END $$;
    CREATE TRIGGER fires ${when} FOR EACH ROW EXECUTE FUNCTION fires()`)

const withoutChildren = () => db.pool.query('DROP TABLE lines')

async function applied(of: Guard = visits) {
  const plan = await once.planRepair(of)
  return { plan, ...(await once.applyRepair(of, plan)) }
}

describe('a trigger that keeps losers', () => {
  const veto = (rows: string) => `IF ${rows} THEN RETURN NULL; END IF; RETURN OLD;`

  test.each([
    ['of a table by itself', false],
    ['of a table with children', true],
  ])('%s leaves them, names them, and the others go', async (_, children) => {
    if (!children) await withoutChildren()
    await trigger(veto('OLD.id % 10 = 1'), 'BEFORE DELETE ON visits')
    const done = await applied()
    expect(done).toMatchObject({
      ...{ state: 'applied', removed: 18, skipped: 2, why: { 'a trigger keeps it': 2 } },
      ...{ left: { groups: 2, excess: 2 } },
    })
    expect(done.plan.hazards).toMatchObject([{ code: 'triggers', refuses: false }])
    expect(await all('visits')).toEqual(expect.arrayContaining(['(1,0,OPEN)', '(11,3,OPEN)']))
    if (children) expect(await all('lines')).toEqual(expect.arrayContaining(['(1,1)', '(11,11)']))
  })

  test('all of them leaves everything as it was', async () => {
    await trigger(veto('true'), 'BEFORE DELETE ON visits')
    const before = await both()
    expect(await applied()).toMatchObject({ removed: 0, skipped: 20, moved: 0, dropped: 0 })
    expect(await both()).toEqual(before)
  })

  test('by an error names its words, and the others go', async () => {
    await trigger(
      "IF OLD.id IN (4, 5, 22) THEN RAISE EXCEPTION 'paid: %', OLD.id; END IF; RETURN OLD;",
      'BEFORE DELETE ON visits',
    )
    const done = await applied()
    expect(done).toMatchObject({ removed: 17, skipped: 3 })
    expect(done.why).toEqual({ 'paid: 4': 1, 'paid: 5': 1, 'paid: 22': 1 })
  })

  test('each of them by an error is given up after a hundred, and gone on with later', async () => {
    await db.pool.query('INSERT INTO visits SELECT i, 100 FROM generate_series(100, 300) i')
    await trigger("RAISE EXCEPTION 'no';", 'BEFORE DELETE ON visits')
    const plan = await once.planRepair(visits)
    const before = await both()
    await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({
      code: 'REPAIR_BLOCKED',
      message: expect.stringContaining('no'),
    })
    expect(await both()).toEqual(before)
    await db.pool.query('DROP FUNCTION fires CASCADE')
    const { removed, skipped } = await once.applyRepair(visits, plan)
    expect({ removed, skipped }).toEqual({ removed: 121, skipped: 99 })
  })

  test.each([
    ['updates', 'BEFORE UPDATE ON lines', 'repoint'],
    ['deletes', 'BEFORE DELETE ON lines', 'delete'],
  ] as const)('by vetoing %s of its children leaves it with them', async (_, when, policy) => {
    await trigger(
      `${veto('OLD.visit_id = 7')}`.replace('RETURN OLD', 'RETURN coalesce(NEW, OLD)'),
      when,
    )
    const children = [{ table: 'lines', columns: ['visit_id'], policy }]
    const done = await applied(guard('visits', { table: 'visits', key: { v: int() }, children }))
    expect(done).toMatchObject({ removed: 19, skipped: 1 })
    expect(await all('lines')).toContain('(7,7)')
    expect(await all('visits')).toContain('(7,2,OPEN)')
  })

  test('that are set leaves them', async () => {
    await trigger('IF OLD.id = 5 THEN RETURN NULL; END IF; RETURN NEW;', 'BEFORE UPDATE ON visits')
    const set = guard('visits', {
      ...{ table: 'visits', key: { v: int() }, where: "status = 'OPEN'" },
      losers: { set: { status: 'PAUSED' } },
    })
    expect(await applied(set)).toMatchObject({ changed: 19, skipped: 1, left: { excess: 1 } })
  })

  test.each([
    ['row', 'DELETE FROM lines WHERE id = OLD.id', 'RETURN OLD', 20],
    ['statement', 'DELETE FROM lines WHERE id IN (4, 7)', 'RETURN NULL', 2],
  ])(
    'for each %s by deleting its children itself is no endless loop',
    async (each, sql, end, most) => {
      await db.pool.query(`CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF pg_trigger_depth() = 1 THEN ${sql}; END IF; ${end}; END $$;
      CREATE TRIGGER fires BEFORE DELETE ON lines FOR EACH ${each} EXECUTE FUNCTION fires()`)
      const children = [{ table: 'lines', columns: ['visit_id'], policy: 'delete' }] as const
      const done = await applied(guard('visits', { table: 'visits', key: { v: int() }, children }))
      expect(done).toMatchObject({ state: 'applied', removed: 20 - done.skipped })
      expect(done.skipped).toBeLessThanOrEqual(most)
    },
  )
})

describe('a full disk', () => {
  test('ends it with the error, keeps what was applied, and it goes on later', async () => {
    const before = await both()
    await trigger(
      `IF OLD.id = 20 THEN RAISE 'could not extend file' USING ERRCODE = '53100'; END IF;
      RETURN OLD;`,
      'BEFORE DELETE ON visits',
    )
    const plan = await once.planRepair(visits)
    await expect(once.applyRepair(visits, plan, { batchMs: 2 })).rejects.toMatchObject({
      details: { sqlstate: '53100' },
    })
    expect(await once.repairs({ id: plan.repair })).toMatchObject([
      { state: 'applying', removed: 12, skipped: 0 },
    ])
    await db.pool.query('DROP FUNCTION fires CASCADE')
    expect(await once.applyRepair(visits, plan)).toMatchObject({ state: 'applied', removed: 20 })
    await once.undoRepair(plan.repair)
    expect(await both()).toEqual(before)
  })

  test('while it plans leaves nothing behind', async () => {
    await db.pool.query(
      `CREATE FUNCTION full() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;
      CREATE EVENT TRIGGER full ON ddl_command_end WHEN TAG IN ('ANALYZE', 'CREATE INDEX')
        EXECUTE FUNCTION full()`
        .replaceAll('full', 'fills')
        .replace("'ANALYZE', ", ''),
    )
    const { length } = await once.repairs({})
    await expect(once.planRepair(visits)).rejects.toMatchObject({ details: { sqlstate: '53100' } })
    await db.pool.query('DROP EVENT TRIGGER fills; DROP FUNCTION fills')
    expect(await once.repairs({})).toHaveLength(length)
  })
})

/** Waits until somebody waits for a lock of this client. */
async function untilBlocked(holder: PoolClient): Promise<void> {
  const { rows } = await holder.query('SELECT pg_backend_pid() AS pid')
  const waiting = 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))'
  for (let found = 0; found === 0; ) {
    const { rowCount } = await db.pool.query(waiting, [rows[0].pid])
    found = rowCount ?? 0
  }
}

describe('writers beside it', () => {
  test('a child that is being added to a loser is waited for and goes to the keeper', async () => {
    const before = await both()
    const plan = await once.planRepair(visits)
    const writer = await db.pool.connect()
    await writer.query('BEGIN; INSERT INTO lines VALUES (100, 4)')
    const applying = once.applyRepair(visits, plan)
    await untilBlocked(writer)
    await writer.query('COMMIT')
    writer.release()
    expect(await applying).toMatchObject({ removed: 20, skipped: 0, moved: 21 })
    expect(await all('lines')).toContain('(100,3)')
    await once.undoRepair(plan.repair)
    expect(await both()).toEqual([before[0], ['(100,4)', ...(before[1] ?? [])].sort()])
  })

  test('a loser that is being changed is waited for and left', async () => {
    const plan = await once.planRepair(visits)
    const writer = await db.pool.connect()
    await writer.query("BEGIN; UPDATE visits SET status = 'PAID' WHERE id = 4")
    const applying = once.applyRepair(visits, plan)
    await untilBlocked(writer)
    await writer.query('COMMIT')
    writer.release()
    expect(await applying).toMatchObject({ removed: 19, skipped: 1, why: { changed: 1 } })
    expect(await all('visits')).toContain('(4,1,PAID)')
  })

  test.each([
    ['a table whose rows hang on losers', 'CREATE TABLE bills (visit_id int REFERENCES visits)'],
    ['a column', "ALTER TABLE visits ADD COLUMN note text DEFAULT 'n'"],
    ['a column of a child', 'ALTER TABLE lines ADD COLUMN note text'],
    ['another type', 'ALTER TABLE visits ALTER v TYPE bigint'],
  ])('%s that comes ends it, and what was applied can be undone', async (_, ddl) => {
    const plan = await once.planRepair(visits)
    let coming: Promise<unknown> | undefined
    const onProgress = () => {
      coming ??= db.pool.query(ddl)
    }
    const signal = AbortSignal.timeout(60_000)
    const slowly = { batchMs: 1, walBytesPerS: 20_000, signal, onProgress }
    await expect(once.applyRepair(visits, plan, slowly)).rejects.toMatchObject({
      code: 'PLAN_DRIFTED',
      fix: expect.stringContaining('What was applied stands'),
    })
    await coming
    await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({ code: 'PLAN_DRIFTED' })
  })
})

test('while one applies, nobody else applies or undoes it', async () => {
  await trigger('PERFORM pg_sleep(0.05); RETURN OLD;', 'BEFORE DELETE ON visits')
  const plan = await once.planRepair(visits)
  const ends: string[] = []
  const note = (of: Promise<unknown>) =>
    of.then(
      () => ends.push('done'),
      (error) => ends.push(error.code),
    )
  const applying = [once.applyRepair(visits, plan), once.applyRepair(visits, plan)].map(note)
  await Promise.race(applying)
  await note(once.undoRepair(plan.repair))
  await Promise.all(applying)
  expect(ends).toEqual(['REPAIR_TAKEN', 'REPAIR_TAKEN', 'done'])
  expect(await all('visits')).toHaveLength(10)
})

test.each([{ batchMs: 0 }, { batchMs: Number.NaN }, { walBytesPerS: -1 }])(
  'the pace %j is wrong usage, and nothing is begun',
  async (pace) => {
    const plan = await once.planRepair(visits)
    await expect(once.applyRepair(visits, plan, pace)).rejects.toMatchObject({ code: 'USAGE' })
    expect(await once.repairs({ id: plan.repair })).toMatchObject([{ state: 'planned' }])
  },
)
