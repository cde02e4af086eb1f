import type { RowValues } from '../core/verdict.ts'
import { quoted } from '../duplicates/discover/typescript.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import { columnOf } from '../guards/part.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { collisionsOf } from './collisions.ts'
import { type Edge, type Family, familyOf, familyShape } from './family.ts'
import {
  countChildren,
  countLosers,
  createMoves,
  createRows,
  createSet,
  freezeLosers,
  indexLosers,
  limitPlanning,
  pinSettings,
  selectSuspects,
} from './freeze/queries.ts'
import { type Hazard, refuseHazards } from './hazard.ts'
import { hazardsOf } from './hazards.ts'
import { type Journal, journalOf } from './journal.ts'
import { largestGroups } from './largest.ts'
import { placeOf } from './place.ts'
import { predict } from './predict.ts'
import { insertRepair, storePlan } from './queries.ts'
import { hashOf, type PlannedChild, type RepairPlan } from './repair-plan.ts'
import { requireRepairs } from './stored.ts'

/** Who plans a repair, and why; kept with it. */
export interface PlanOptions {
  readonly reason?: string
  readonly actor?: string
  /** True: the plan only says what a repair would do. Nothing is kept, and it cannot be applied. */
  readonly dryRun?: boolean
}

// Thrown to have the transaction of a plan rolled back that is not to be kept.
class Unkept extends Error {
  readonly plan: RepairPlan

  constructor({ hash: _, ...plan }: RepairPlan) {
    super('a plan that is not kept')
    const unkept = { ...plan, repair: '' }
    this.plan = { ...unkept, hash: hashOf(unkept) }
  }
}

interface Frozen {
  readonly losers: string
  readonly groups: string
  readonly digest: string
}

async function makeJournal(session: Session, inspection: Inspection, family: Family, to: Journal) {
  const { guard, table } = inspection
  if (guard.losers !== 'delete') {
    const columns = Object.keys(guard.losers.set).map((name) => columnOf(guard, table, name))
    await session.query(createSet(to, table, columns))
    return
  }
  for (const place of family.losing) {
    const losing = family.tables[place]
    if (losing) await session.query(createRows(to, place, losing))
  }
  for (const edge of family.edges) await session.query(createMoves(to, family, edge))
}

async function childOf(
  session: Session,
  family: Family,
  edge: Edge,
  journal: Journal,
): Promise<PlannedChild> {
  const { parent, child, columns, references, constraint = null, policy, collision } = edge
  const [counted] =
    parent === 0 ? await session.query<{ rows: string }>(countChildren(family, edge, journal)) : []
  const rows = counted ? Number(counted.rows) : null
  return {
    table: family.tables[child]?.quoted ?? '',
    columns: columns.map(({ name }) => name),
    of: family.tables[parent]?.quoted ?? '',
    references: references.map(({ name }) => name),
    ...{ constraint, policy, collision, rows },
    collisions: rows ? await collisionsOf(session, family, edge, journal) : 0,
  }
}

// To paste: a name is quoted in a guard only where it has a dot or a quote.
const childCode = (table: string, columns: readonly string[], collision: string): string => {
  const name = quoted(table.replaceAll(/(?<!")"([^".]+)"(?!")/g, '$1'))
  const by = columns.map(quoted).join(', ')
  return `{ table: ${name}, columns: [${by}], collision: '${collision}' }`
}

function* ofRows(children: readonly PlannedChild[]): Generator<Hazard> {
  for (const { table, columns, policy, collision, rows, collisions } of children) {
    const by = columns.join(', ')
    if (policy === 'refuse' && rows) {
      yield {
        code: 'child_refused',
        refuses: true,
        message: `${rows} rows of ${table} hang on losers by ${by}, and its policy is refuse.`,
        fix: `Declare the child ${table} with policy 'repoint' or 'delete', or move its rows.`,
      }
    }
    if (collision === 'refuse' && collisions > 0) {
      yield {
        code: 'child_collision',
        refuses: true,
        message:
          `${collisions} rows of ${table} cannot go to the keeper by ${by}: it has such rows, ` +
          `and a unique key of ${table} admits no second one.`,
        fix:
          `Declare in \`children\`: ${childCode(table, columns, 'drop')} to delete these rows, ` +
          "or collision: 'merge' to delete them after what hangs on them went to the row in the " +
          'way.',
      }
    }
  }
}

// Where nothing is merged, what hangs on a row that is dropped has nowhere to go.
const droppedHazards = (
  { tables, edges }: Family,
  children: readonly PlannedChild[],
): readonly Hazard[] =>
  edges.flatMap(({ place, collision, child }) => {
    const { collisions = 0, table = '' } = children[place] ?? {}
    const below = edges.filter((edge) => edge.parent === child && edge.orphans === 'refuse')
    if (collision !== 'drop' || collisions === 0 || below.length === 0) return []
    const names = [...new Set(below.map((edge) => tables[edge.child]?.quoted))].join(', ')
    return [
      {
        code: 'child_refused',
        refuses: false,
        message:
          `${collisions} rows of ${table} collide and are to be dropped. One on which rows of ` +
          `${names} hang stays, and the loser that it hangs on stays too.`,
        fix: "Declare collision: 'merge', and what hangs on them goes to the row in the way.",
      },
    ]
  })

const suspectHazard = (guard: Guard, rows: number): readonly Hazard[] =>
  rows === 0
    ? []
    : [
        {
          code: 'suspect_keepers',
          refuses: false,
          message: `${rows} of the rows to keep of ${guard.name} are suspect: ${guard.suspect}.`,
          fix: 'Look at them before you apply the plan: the right values may be in no row at all.',
        },
      ]

async function suspectsOf(session: Session, inspection: Inspection, journal: Journal) {
  if (inspection.guard.suspect === undefined) return { rows: 0, first: [] }
  const [row] = await session.query<{ suspects: string }>(selectSuspects(inspection, journal))
  const found: { rows: number; first: RowValues[] } = JSON.parse(row?.suspects ?? 'null')
  return found
}

async function digest(session: Session, inspection: Inspection, journal: Journal): Promise<Frozen> {
  // Late, because the SQL of the guard may depend on these settings too.
  await session.query(pinSettings())
  const [frozen] = await session.query<Frozen>(countLosers(inspection, journal))
  return frozen ?? { losers: '0', groups: '0', digest: '0' }
}

async function build(session: Session, guard: Guard, options: PlanOptions): Promise<RepairPlan> {
  const inspection = await inspect(session, guard)
  const family = await familyOf(session, inspection)
  const known = await hazardsOf(session, inspection, family)
  refuseHazards(guard, known)
  const shape = JSON.stringify(familyShape(family))
  const { reason = null, actor = null } = options
  const { quoted } = inspection.table
  const [opened] = await session.query<{ id: string; at: string }>(
    insertRepair(guard.name, quoted, shape, reason, actor),
  )
  const { id = '', at = '' } = opened ?? {}
  const journal = journalOf(id)
  await session.query(freezeLosers(inspection, journal))
  await session.query(indexLosers(inspection, journal))
  await makeJournal(session, inspection, family, journal)
  const children: PlannedChild[] = []
  for (const edge of family.edges) children.push(await childOf(session, family, edge, journal))
  const suspects = await suspectsOf(session, inspection, journal)
  const hazards = [
    ...known,
    ...ofRows(children),
    ...droppedHazards(family, children),
    ...suspectHazard(guard, suspects.rows),
  ]
  refuseHazards(guard, hazards)
  const largest = await largestGroups(session, inspection, journal)
  const frozen = await digest(session, inspection, journal)
  const rows = Number(frozen.losers)
  const plan: Omit<RepairPlan, 'hash'> = {
    format: 'onceover-repair/1',
    repair: id,
    database: await placeOf(session),
    target: session.target,
    plannedAt: at,
    guard: guard.name,
    table: quoted,
    key: inspection.parts.map(({ name }) => name),
    where: guard.where ?? null,
    keep: inspection.keep,
    losers: guard.losers,
    groups: Number(frozen.groups),
    rows,
    ...{ children, hazards, suspects },
    largest,
    predicted: await predict(session, inspection, family, rows),
    digest: frozen.digest,
  }
  const hashed = { ...plan, hash: hashOf(plan) }
  await session.query(storePlan(id, JSON.stringify(hashed)))
  return hashed
}

async function buildKept(session: Session, guard: Guard, options: PlanOptions) {
  const plan = await build(session, guard, options)
  if (options.dryRun || plan.rows === 0) throw new Unkept(plan)
  return plan
}

/**
 * Plans the repair of a guard's duplicates: freezes the losers in our schema and says what applying
 * it would do. Nothing of the user's is written. It is one transaction: refused, it leaves nothing.
 * Nor is a dry run kept, or a plan without losers: its `repair` is empty.
 *
 * @throws OnceoverError REPAIR_REFUSED naming every hazard that stands in the way, NOT_MIGRATED,
 * RLS_HIDES_ROWS, and what the inspection of a guard throws
 */
export function planRepair(
  database: Database,
  guard: Guard,
  options: PlanOptions = {},
): Promise<RepairPlan> {
  const planned = database.transaction(async (handle) => {
    const session = database.within(handle)
    await session.query(limitPlanning())
    await requireRepairs(session)
    return buildKept(session, guard, options)
  })
  return planned.catch((error: unknown) => {
    if (error instanceof Unkept) return error.plan
    throw error
  })
}
