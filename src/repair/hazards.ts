import type { Inspection } from '../guards/inspect.ts'
import { columnsNamed, type Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Family } from './family.ts'
import type { Hazard, HazardCode } from './hazard.ts'
import { selectHazards, selectSetOnUpdate, selectToPartitions } from './hazards/queries.ts'

interface Trigger {
  readonly name: string
  readonly before: boolean
  readonly deletes: boolean
  readonly updates: boolean
}

interface TableFacts {
  readonly oid: string
  readonly quoted: string
  readonly kind: string
  readonly row_security: boolean
  readonly triggers: readonly Trigger[]
  readonly rules: readonly string[]
  readonly published: boolean
  readonly identified: boolean
  readonly may_delete: boolean
  readonly may_update: boolean
}

interface Writes {
  readonly deletes: boolean
  readonly updates: boolean
}

const hazard = (code: HazardCode, refuses: boolean, message: string, fix: string): Hazard => ({
  ...{ code, refuses, message, fix },
})

const writesOf = ({ guard }: Inspection, family: Family, place: number): Writes => {
  const isSet = guard.losers !== 'delete'
  const moved = family.edges.some(
    (edge) =>
      edge.child === place &&
      (edge.policy === 'repoint' || (edge.parent !== 0 && edge.orphans === 'null')),
  )
  return { deletes: family.losing.includes(place), updates: moved || (isSet && place === 0) }
}

function* ofKind({ quoted, kind, rules }: TableFacts, table: Table) {
  if (table.primaryKey.length === 0) {
    yield hazard(
      'child_without_primary_key',
      true,
      `${quoted} has no primary key, so that its rows could not be put back.`,
      'Give it a primary key.',
    )
  }
  if (kind !== 'r' && kind !== 'p') {
    yield hazard(
      'child_unsupported',
      true,
      `${quoted} is no table whose rows can be journalled.`,
      'Leave it out of `children`.',
    )
  }
  if (table.inherited) {
    yield hazard(
      'inherited',
      true,
      `Other tables inherit from ${quoted}: a DELETE would reach their rows too.`,
      'Repair a table that nothing inherits from, or partition it.',
    )
  }
  if (rules.length > 0) {
    yield hazard(
      'rules',
      true,
      `Rules on ${quoted} rewrite its deletes and updates: ${rules.join(', ')}.`,
      'Drop the rules, or make triggers of them.',
    )
  }
}

function* ofWrites(facts: TableFacts, { deletes, updates }: Writes) {
  const { quoted } = facts
  if (facts.row_security) {
    yield hazard(
      'row_security',
      true,
      `Row-level security hides rows of ${quoted} from this role.`,
      'Connect as a role that bypasses row-level security.',
    )
  }
  if ((deletes && !facts.may_delete) || (updates && !facts.may_update)) {
    yield hazard(
      'not_permitted',
      true,
      `This role may not ${deletes ? 'delete' : 'update'} rows of ${quoted}.`,
      `Run: GRANT SELECT, UPDATE, DELETE ON ${quoted} TO …;`,
    )
  }
  if (facts.published && !facts.identified) {
    yield hazard(
      'no_replica_identity',
      true,
      `${quoted} is published and has no replica identity: PostgreSQL refuses to delete from it.`,
      `Give it a primary key, or run: ALTER TABLE ${quoted} REPLICA IDENTITY FULL;`,
    )
  }
  const fires = facts.triggers.filter(
    (trigger) => (deletes && trigger.deletes) || (updates && trigger.updates),
  )
  if (fires.length > 0) {
    yield hazard(
      'triggers',
      false,
      `Triggers of ${quoted} fire for each row: ${fires.map(({ name }) => name).join(', ')}. ` +
        'A row that one of them keeps stays, and is reported; what they write, elsewhere or ' +
        'into other columns of a row that is moved or set, is ' +
        'not undone.',
      'Read what they do, or disable them for the time of the repair.',
    )
  }
}

function* ofChildren({ tables, edges }: Family) {
  for (const { child, columns, constraint, served } of edges) {
    const quoted = tables[child]?.quoted ?? ''
    if (served) continue
    const names = columns.map((column) => column.quoted).join(', ')
    const why = constraint === undefined ? '' : `: PostgreSQL reads all of it for each row removed`
    yield hazard(
      'foreign_key_not_indexed',
      constraint !== undefined,
      `No index finds the rows of ${quoted} by ${names}${why}.`,
      `Run: CREATE INDEX CONCURRENTLY ON ${quoted} (${names});`,
    )
  }
}

// A row can go before what it points to, and come back after it: not where that points to it, too.
function* ofCycles({ tables, edges, losing }: Family) {
  for (const { parent, child } of edges) {
    if (!losing.includes(child) || losing.indexOf(child) <= losing.indexOf(parent)) continue
    const [above, below] = [tables[parent]?.quoted, tables[child]?.quoted]
    yield hazard(
      'reference_cycle',
      true,
      `Rows of ${below} point to ${above}, whose rows point to theirs in turn, and both may be ` +
        'deleted: in no order could they be put back.',
      `Declare ${above} with policy 'repoint' and collision 'refuse'.`,
    )
  }
}

const changedIn = ({ guard }: Inspection, family: Family, place: number): ReadonlySet<string> =>
  new Set([
    ...(place === 0 && guard.losers !== 'delete' ? Object.keys(guard.losers.set) : []),
    ...family.edges.flatMap(({ child, parent, policy, orphans, columns, nulled }) => {
      if (child !== place) return []
      const moved = policy === 'repoint' ? columns : []
      return [...moved, ...(parent !== 0 && orphans === 'null' ? nulled : [])].map(
        ({ name }) => name,
      )
    }),
  ])

interface SetOnUpdate {
  readonly oid: string
  readonly constraint: string
  readonly quoted: string
  readonly references: readonly string[]
}

// What PostgreSQL sets then stands in no journal: an undo could not give it back.
function* ofUpdates(
  inspection: Inspection,
  family: Family,
  { oid, constraint, quoted, references }: SetOnUpdate,
) {
  const place = family.tables.findIndex((table) => table.oid === oid)
  const changed = changedIn(inspection, family, place)
  if (!references.some((name) => changed.has(name))) return
  yield hazard(
    'set_on_update',
    true,
    `The foreign key ${constraint} of ${quoted} lets go of the rows of ` +
      `${family.tables[place]?.quoted} that the repair changes: it says ON UPDATE SET.`,
    'Make the foreign key ON UPDATE CASCADE or NO ACTION.',
  )
}

interface ToPartition {
  readonly constraint: string
  readonly quoted: string
  readonly partition: string
}

// What hangs on a partition alone is in no journal: a cascade would take it for good.
const ofPartition = ({ constraint, quoted, partition }: ToPartition): Hazard =>
  hazard(
    'child_unsupported',
    true,
    `The foreign key ${constraint} of ${quoted} points to the partition ${partition} by itself.`,
    'Make it point to the partitioned table.',
  )

function* ofSet({ guard, table, parts, copies }: Inspection) {
  if (guard.losers === 'delete') return
  const binding = new Set([
    ...parts.flatMap(({ columns }) => columns.map(({ name }) => name)),
    ...columnsNamed(table, guard.where ?? '').map(({ name }) => name),
    ...(copies ? [copies.name] : []),
  ])
  const names = Object.keys(guard.losers.set)
  if (names.some((name) => binding.has(name))) return
  yield hazard(
    'losers_stay',
    true,
    `Setting ${names.join(', ')} takes no loser out of the guard: neither its key nor its ` +
      '`where` reads them.',
    "Set a column that `where` reads, or declare losers: 'delete'.",
  )
}

/** What stands in the way of repairing a guard, and what to know of it: read from the catalogue. */
export async function hazardsOf(
  session: Session,
  inspection: Inspection,
  family: Family,
): Promise<readonly Hazard[]> {
  const answer = await session.query<{ described: string }>(
    selectHazards(family.tables.map(({ oid }) => oid)),
  )
  const facts = answer.map(({ described }): TableFacts => JSON.parse(described))
  const updates = await session.query<{ described: string }>(
    selectSetOnUpdate(family.tables.map(({ oid }) => oid)),
  )
  const losing = family.losing.map((place) => family.tables[place]?.oid ?? '')
  const partitions = await session.query<{ described: string }>(selectToPartitions(losing))
  return [
    ...family.tables.flatMap((table, place) => {
      const own = facts.find(({ oid }) => oid === table.oid)
      const writes = writesOf(inspection, family, place)
      return own ? [...ofKind(own, table), ...ofWrites(own, writes)] : []
    }),
    ...ofChildren(family),
    ...ofCycles(family),
    ...updates.flatMap(({ described }) => [
      ...ofUpdates(inspection, family, JSON.parse(described)),
    ]),
    ...partitions.map(({ described }) => ofPartition(JSON.parse(described))),
    ...ofSet(inspection),
  ]
}
