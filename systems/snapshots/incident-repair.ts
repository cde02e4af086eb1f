import { type Guard, guard, type Onceover, OnceoverError } from 'onceover'
import { countDiffering, setAside } from '../set-aside.ts'
import { listBreaks } from './breaks.ts'
import type { SnapshotSystem } from './generate.ts'
import { snapshots } from './guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from './incident.ts'
import { DAY_BEFORE } from './incident-duplicates.ts'
import { selectPortfolio } from './queries.ts'
import { dedupe, downgrade, upgrade } from './repair.ts'
import { applyReplay } from './replay.ts'
import { planReplay } from './replay-plan.ts'

const { table, key, show } = snapshots

/** What the incident's script keeps: the highest value, then the latest. */
const highest = guard('snapshots-highest', {
  ...{ table, key, show, keep: ['net_asset_value desc', 'created_at desc'] },
})

/** The latest, whatever it says. */
const latest = guard('snapshots-latest', { table, key, show, keep: ['created_at desc'] })

/** The net asset value that is kept of a day, by three orders. */
export interface Kept {
  readonly highest: number
  readonly latest: number
  readonly guard: number
}

/** What repairing the incident came to. */
export interface IncidentRepair {
  /** Duplicate snapshots that the refusal of the constraint counted. */
  readonly refused: number
  /** Of the day before the incident, whose right value is −6.9M. */
  readonly dayBefore: Kept
  /** Of the incident's day, whose right value is in none of these rows. */
  readonly incidentDay: Kept
  /** Kept rows that do not chain, as the plan warned. */
  readonly suspects: number
  readonly removed: number
  /** Constraints of the guard after the upgrade, and after the downgrade. */
  readonly constraints: number
  readonly constraintsLeft: number
  /** Rows that were not as before once the repair was undone. */
  readonly differing: number
  /** The portfolio's equity as it was, and deduplicated once more and replayed. */
  readonly equityBefore: number
  readonly equity: number
  readonly breaks: number
}

const TABLES = ['portfolio_snapshots', 'portfolios'] as const
const REPAIRER = { actor: 'demo', reason: 'four runs of one day' } as const

const CONSTRAINTS = `
  SELECT FROM pg_constraint
  WHERE conname = 'uq_portfolio_snapshot_date' AND contype = 'u' AND convalidated`

/**
 * Puts right what `plantDuplicates` planted: the constraint is refused, the duplicates removed, the
 * constraint made; then all of it is taken back and done again, and the equity replayed.
 */
export async function repairIncident({ once, pool }: SnapshotSystem): Promise<IncidentRepair> {
  const countConstraints = async () => (await pool.query(CONSTRAINTS)).rows.length
  const equityNow = async () => Number((await selectPortfolio(pool, INCIDENT_PORTFOLIO)).equity)
  const equityBefore = await equityNow()
  await setAside(pool, TABLES)
  const kept = await keptBy(once)
  const refused = await refusedFor(once)
  const { plan, applied } = await dedupe(once, REPAIRER)
  await upgrade(once)
  const constraints = await countConstraints()
  await downgrade(once, REPAIRER.actor, applied.repair)
  const constraintsLeft = await countConstraints()
  const differing = await countDiffering(pool, TABLES)
  await dedupe(once, REPAIRER)
  await upgrade(once)
  const replay = await planReplay(pool, INCIDENT_PORTFOLIO)
  await applyReplay({ once }, { ...REPAIRER, portfolioId: INCIDENT_PORTFOLIO, plan: replay.plan })
  const breaks = await listBreaks(pool, [INCIDENT_PORTFOLIO])
  return {
    ...{ refused, ...kept, suspects: plan.suspects.rows, removed: applied.removed },
    ...{ constraints, constraintsLeft, differing },
    ...{ equityBefore, equity: await equityNow(), breaks: breaks.length },
  }
}

/** How many rows the constraint was refused for. */
async function refusedFor(once: Onceover): Promise<number> {
  try {
    await upgrade(once)
    return 0
  } catch (error) {
    if (!(error instanceof OnceoverError) || error.code !== 'DUPLICATES_EXIST') throw error
    return Number(error.details.excess)
  }
}

async function keptBy(once: Onceover) {
  const [byValue, byTime, byGuard] = [
    await keptOf(once, highest),
    await keptOf(once, latest),
    await keptOf(once, snapshots),
  ]
  const of = (day: string): Kept => ({
    highest: byValue.get(day) ?? Number.NaN,
    latest: byTime.get(day) ?? Number.NaN,
    guard: byGuard.get(day) ?? Number.NaN,
  })
  return { dayBefore: of(DAY_BEFORE), incidentDay: of(INCIDENT_DAY) }
}

/** The net asset value that an order keeps, by day. The amounts of the incident are whole. */
async function keptOf(once: Onceover, by: Guard): Promise<ReadonlyMap<string, number>> {
  const [report] = await once.scan(by)
  const groups = report?.duplicates.largest ?? []
  return new Map(
    groups.map((group) => [String(group.key.snapshot_date), Number(group.keeper.net_asset_value)]),
  )
}
