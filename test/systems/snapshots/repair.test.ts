import { guard } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countDiffering, setAside } from '../../../systems/set-aside.ts'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { snapshots } from '../../../systems/snapshots/guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { DAY_BEFORE, plantDuplicates } from '../../../systems/snapshots/incident-duplicates.ts'
import { type Deduped, dedupe, downgrade, upgrade } from '../../../systems/snapshots/repair.ts'
import { applyReplay } from '../../../systems/snapshots/replay.ts'
import { planReplay } from '../../../systems/snapshots/replay-plan.ts'
import { type TestSystem, testSystem } from './system.ts'

const ANA = { actor: 'ana', reason: 'four runs of one day' }
const TABLES = ['portfolio_snapshots', 'portfolios']

let system: TestSystem
let repaired: Deduped

beforeAll(async () => {
  system = await testSystem({ enforced: false })
  await plantDuplicates(system.pool)
  await setAside(system.pool, TABLES)
})
afterAll(() => system?.drop())

const constraints = async () => {
  const { rows } = await system.pool.query(
    `SELECT conname FROM pg_constraint
     WHERE conrelid = 'portfolio_snapshots'::regclass AND contype = 'u'`,
  )
  return rows.map(({ conname }) => conname)
}

/** The net asset values that stand, by day. */
const standing = async () => {
  const { rows } = await system.pool.query(
    `SELECT snapshot_date::text AS day, trim_scale(net_asset_value)::text AS value
     FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date >= $2
     ORDER BY snapshot_date, created_at`,
    [INCIDENT_PORTFOLIO, DAY_BEFORE],
  )
  return rows.map(({ day, value }) => [day, value])
}

/** What an order of `keep` keeps, by day, in the order of days. */
async function keptBy(keep: readonly string[]) {
  const { table, key, show } = snapshots
  const [report] = await system.once.scan(guard('of-an-order', { table, key, show, keep }))
  return report?.duplicates.largest
    .map(({ key: { snapshot_date }, keeper }) => [snapshot_date, Number(keeper.net_asset_value)])
    .sort()
}

test('the constraint is refused early, with the days that have duplicates', async () => {
  await expect(upgrade(system.once)).rejects.toMatchObject({
    code: 'DUPLICATES_EXIST',
    details: {
      groups: 2,
      excess: 5,
      largest: [
        { key: { portfolio_id: INCIDENT_PORTFOLIO, snapshot_date: INCIDENT_DAY }, rows: 5 },
        { key: { portfolio_id: INCIDENT_PORTFOLIO, snapshot_date: DAY_BEFORE }, rows: 2 },
      ],
    },
  })
  expect(await constraints()).toEqual([])
  expect(await countDiffering(system.pool, TABLES)).toBe(0)
})

test('the highest value first would keep a zero over the real loss', async () => {
  expect(await keptBy(['net_asset_value desc', 'created_at desc'])).toEqual([
    [DAY_BEFORE, 0],
    [INCIDENT_DAY, 14_200_000],
  ])
})

test('the latest alone would keep the zeros of placeholders', async () => {
  expect(await keptBy(['created_at desc'])).toEqual([
    [DAY_BEFORE, 0],
    [INCIDENT_DAY, 0],
  ])
})

test('the plan keeps what is finished and not zero, and warns of what does not chain', async () => {
  const plan = await system.once.planRepair(snapshots, ANA)
  expect(plan).toMatchObject({ groups: 2, rows: 5, suspects: { rows: 1 } })
  expect(plan.hazards).toMatchObject([{ code: 'suspect_keepers', refuses: false }])
  const { rows } = await system.pool.query(
    'SELECT net_asset_value::int AS value FROM portfolio_snapshots WHERE id = $1',
    [plan.suspects.first[0]?.id],
  )
  expect(rows).toEqual([{ value: 14_200_000 }])
  expect(await countDiffering(system.pool, TABLES)).toBe(0)
})

test('deduplicated, each day has one snapshot, and the constraint can be made', async () => {
  repaired = await dedupe(system.once, ANA)
  expect(repaired.applied).toMatchObject({ removed: 5, skipped: 0, left: { groups: 0, excess: 0 } })
  expect(await standing()).toEqual([
    [DAY_BEFORE, '-6900000'],
    [INCIDENT_DAY, '14200000'],
  ])
  expect(await upgrade(system.once)).toMatchObject({ index: 'uq_portfolio_snapshot_date' })
  expect(await constraints()).toEqual(['uq_portfolio_snapshot_date'])
})

test('an upgrade that is run again changes nothing', async () => {
  expect(await upgrade(system.once)).toMatchObject({ created: false, ddl: '' })
})

test('the downgrade takes the constraint away and brings every row back as it was', async () => {
  await downgrade(system.once, 'ana', repaired.applied.repair)
  expect(await constraints()).toEqual([])
  expect(await countDiffering(system.pool, TABLES)).toBe(0)
})

test('redone, the inflated equity is replayed from the last snapshot that chains', async () => {
  await dedupe(system.once, ANA)
  await upgrade(system.once)
  const replay = await planReplay(system.pool, INCIDENT_PORTFOLIO)
  expect(replay).toMatchObject({
    lastGood: { day: DAY_BEFORE, equity: '-6900000' },
    equity: { now: '14200000', replayed: '-1625000' },
    removed: [],
  })
  await applyReplay(system, { ...ANA, portfolioId: INCIDENT_PORTFOLIO, plan: replay.plan })
  expect(await system.equity()).toBe('-1625000')
  expect(await standing()).toEqual([
    [DAY_BEFORE, '-6900000'],
    [INCIDENT_DAY, '-1625000'],
  ])
  expect(await listBreaks(system.pool, [INCIDENT_PORTFOLIO])).toEqual([])
})
