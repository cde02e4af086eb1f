import { type Applied, type Guard, type Onceover, OnceoverError, type RepairPlan } from 'onceover'
import { expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import type { World } from './world.ts'
import { contentsOf, faultsOf, textOf } from './world-checks.ts'
import { buildingOf, guardOf, selectGroups } from './world-tables.ts'

/** What a batch is aimed at for each loser that it is to have: fewer milliseconds than it takes. */
const MS_PER_LOSER = 0.5

interface On {
  readonly db: TestDatabase
  readonly once: Onceover
}

type Tally = (what: string, more?: number) => void

const FORGET = `DO $$ DECLARE each regclass; BEGIN
  FOR each IN SELECT oid FROM pg_class WHERE relnamespace = 'onceover'::regnamespace
    AND relkind = 'r' AND relname ~ '^repair_\\d' LOOP EXECUTE 'DROP TABLE ' || each; END LOOP;
  END $$`

async function planned({ once }: On, guard: Guard): Promise<RepairPlan | undefined> {
  return once.planRepair(guard).catch((error: unknown) => {
    if (error instanceof OnceoverError && error.code === 'REPAIR_REFUSED') return undefined
    throw error
  })
}

// Another plan sees other versions of the same rows, in other places.
const OF_VERSIONS = [
  ...['once_seq', 'once_version', 'once_keeper_version', 'once_place', 'once_since'],
  'once_skipped',
]

/** The losers of a plan with their keepers, whatever their order. */
async function losersOf({ db }: On, { repair }: RepairPlan): Promise<readonly string[]> {
  const { rows } = await db.pool.query(
    `SELECT (to_jsonb(l) - $1::text[])::text AS loser
      FROM onceover.repair_${repair}_losers AS l ORDER BY 1`,
    [OF_VERSIONS],
  )
  return rows.map(({ loser }) => loser)
}

async function groupsOf({ db }: On, world: World): Promise<readonly (readonly number[])[]> {
  const { rows } = await db.pool.query(selectGroups(world))
  return rows.map(({ members }) => members)
}

async function apply(on: On, world: World, guard: Guard, plan: RepairPlan): Promise<Applied> {
  const groups = await groupsOf(on, world)
  const before = await contentsOf(on.db, world)
  const losers = new Map(
    groups.flatMap(([keeper = -1, ...rest]) => rest.map((loser) => [loser, keeper] as const)),
  )
  expect([plan.rows, plan.groups]).toEqual([losers.size, groups.length])
  const applied = await on.once.applyRepair(guard, plan)
  expect(applied.state).toBe('applied')
  expect(applied.removed + applied.changed + applied.skipped).toBe(losers.size)
  const reasons = Object.values(applied.why)
  expect(reasons.reduce((sum, rows) => sum + rows, 0)).toBe(applied.skipped)
  if (applied.skipped === 0) expect(await groupsOf(on, world)).toEqual([])
  if (applied.skipped === 0) expect(applied.left.groups).toBe(0)
  const after = await contentsOf(on.db, world)
  if (world.losers === 'set') {
    for (const [n, row] of before['m.t'] ?? []) {
      const values = losers.has(n) ? { live: false, note: "it's" } : {}
      expect(after['m.t']?.get(n)).toEqual({ ...row, ...values })
    }
    return applied
  }
  const gone = [...(before['m.t']?.keys() ?? [])].filter((n) => !after['m.t']?.has(n))
  expect(gone).toHaveLength(applied.removed)
  expect(gone.filter((n) => !losers.has(n))).toEqual([])
  const keepers = new Map(gone.map((n) => [n, losers.get(n) ?? -1]))
  expect([...faultsOf({ world, before, after, keepers })]).toEqual([])
  return applied
}

/** Applies a plan in tiny batches, and stops it after some: it is told to, or it dies. */
async function stopped(
  { once }: On,
  guard: Guard,
  plan: RepairPlan,
  { stop: batches, batch }: World,
  how: 'told' | 'died',
) {
  const stop = new AbortController()
  let done = 0
  const onProgress = () => {
    if (++done < batches) return
    if (how === 'told') stop.abort()
    else throw new Error('died')
  }
  const options = { batchMs: batch * MS_PER_LOSER, signal: stop.signal, onProgress }
  await once.applyRepair(guard, plan, options).catch((error: Error) => {
    if (error.message !== 'died') throw error
  })
}

/** Repairs a world and undoes it, three times: whole, told to stop, and killed and gone on with. */
export async function roundTrip(on: On, world: World, tally: Tally): Promise<void> {
  const { db, once } = on
  await db.pool.query(FORGET)
  await db.pool.query(buildingOf(world))
  const guard = guardOf(world)
  const start = await textOf(db, world)
  const plan = await planned(on, guard)
  expect(await textOf(db, world)).toEqual(start)
  if (!plan) return tally('refused')
  if (plan.repair === '') return tally('without losers')
  const losers = await losersOf(on, plan)
  tally('losers', losers.length)

  const applied = await apply(on, world, guard, plan)
  const end = await textOf(db, world)
  for (const what of ['moved', 'dropped', 'skipped'] as const) tally(what, applied[what])
  for (const [why, rows] of Object.entries(applied.why)) tally(`: ${why}`, rows)
  const undone = await once.undoRepair(plan.repair)
  expect(await textOf(db, world)).toEqual(start)
  expect(undone.changedSince).toBe(0)

  const second = await once.planRepair(guard)
  expect(await losersOf(on, second)).toEqual(losers)
  await stopped(on, guard, second, world, 'told')
  if (losers.length > 0) await once.undoRepair(second.repair)
  expect(await textOf(db, world)).toEqual(start)

  const third = await once.planRepair(guard)
  expect(await losersOf(on, third)).toEqual(losers)
  await stopped(on, guard, third, world, 'died')
  const resumed = await once.applyRepair(guard, third, { batchMs: world.batch * MS_PER_LOSER })
  // Which of several rows that collide stays, and what is skipped for it, depends on the order.
  const isOrdered = [applied, resumed].some(({ skipped, dropped }) => skipped + dropped > 0)
  if (!isOrdered) expect(await textOf(db, world)).toEqual(end)
  await once.undoRepair(third.repair)
  expect(await textOf(db, world)).toEqual(start)
}
