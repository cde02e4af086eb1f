import { countRepeated } from '../duplicates/queries.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Build } from './build.ts'
import { openConnections } from './connections.ts'
import { debrisDdl } from './debris.ts'
import { goesOnline } from './enforce.ts'
import { asEnforced } from './enforced.ts'
import { Enforcement } from './enforcement.ts'
import { askForm } from './form.ts'
import { dropGateDdl, makesTrigger } from './gate/queries.ts'
import { gateDdl } from './gate.ts'
import { keyFunctionsToMake } from './key-functions.ts'
import { withoutKeyIndex } from './key-index.ts'
import { deadlineMs, type EnforceOptions, type EnforceStep } from './options.ts'
import {
  adoptIndexDdl,
  analyze,
  attachDdl,
  constraintDdl,
  dropIndexDdl,
  indexDdl,
  lockBuilders,
  turnSql,
} from './queries.ts'
import { inspectNow } from './read-now.ts'
import { refuseConstraint, refuseObstacle } from './refusals.ts'
import { type Branch, guardIndexName, keyIndexName, lookAround } from './standing.ts'

/** A statement of an enforcement. */
export interface PlannedStatement {
  readonly step: EnforceStep
  readonly sql: string
  readonly why: string
  /** The lock that it takes on the table, and who waits for it. */
  readonly lock: string
}

/** What enforcing a guard would run. */
export interface EnforcementPlan {
  readonly guard: string
  readonly index: string
  /** `standing`: nothing is left to do. `locked`: in one moment, for which writers wait. */
  readonly how: 'standing' | 'locked' | 'online'
  readonly statements: readonly PlannedStatement[]
}

const NOBODY = 'none that anybody waits for'
const BUILDERS = 'SHARE UPDATE EXCLUSIVE: readers and writers go on'
const WRITERS = 'SHARE ROW EXCLUSIVE: writers wait for a moment; given up after 0.2 s, tried again'
const EVERYBODY = 'ACCESS EXCLUSIVE: all wait for a moment; given up after 0.2 s, tried again'

type Options = EnforceOptions & { readonly repair?: boolean }

type Step = (step: EnforceStep, sql: string, why: string, lock: string) => PlannedStatement

const statement: Step = (step, sql, why, lock) => ({ step, sql, why, lock })

const quoted = ({ schema }: Branch, name: string): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`

function* preparing(build: Build, functions: readonly string[], bare: readonly Branch[]) {
  const { inspection } = build
  yield statement('turn', turnSql(inspection.table.oid), 'one enforcement at a time', NOBODY)
  const count = countRepeated(inspection).text
  yield statement('check', count, 'duplicates end it here, unless they are repaired', NOBODY)
  for (const ddl of functions) {
    yield statement('key index', ddl, 'the index stands on this function; it stays', NOBODY)
  }
  for (const branch of bare) {
    const name = keyIndexName(inspection.guard, branch)
    const ddl = indexDdl(inspection, {
      ...{ name, on: branch.quoted, unique: false, concurrently: true },
    })
    yield statement('key index', ddl, 'the gate finds the rows of a key by it', BUILDERS)
  }
}

function* gating({ inspection }: Build, ddl: readonly string[], repair: boolean) {
  const lock = lockBuilders(inspection.table.quoted).text
  yield statement('gate', lock, 'a vacuum under way yields to it', BUILDERS)
  for (const each of ddl) {
    const trigger = makesTrigger(each)
    yield statement(
      'gate',
      each,
      'stops new duplicates until the index does',
      trigger ? WRITERS : NOBODY,
    )
  }
  if (!repair) return
  const sql = `onceover repair ${inspection.guard.name}`
  yield statement('repair', sql, 'removes the duplicates that stand, until there are none', NOBODY)
}

function* building({ inspection, enforcement }: Build, branches: readonly Branch[]) {
  const { guard, table } = inspection
  const nameOf = (branch: Branch) => guardIndexName(guard, branch)
  for (const branch of branches.filter(({ leaf }) => leaf)) {
    const wanted = { name: nameOf(branch), on: branch.quoted, unique: true, concurrently: true }
    const why = 'the index that decides; a duplicate that slipped through begins it again'
    yield statement('build', indexDdl(inspection, wanted), why, BUILDERS)
  }
  const { constraint } = enforcement.work
  if (constraint) {
    for (const branch of branches.filter(({ leaf }) => leaf)) {
      const ddl = adoptIndexDdl(branch.quoted, nameOf(branch))
      yield statement('constraint', ddl, 'makes a constraint of the index', EVERYBODY)
    }
    if (!table.partitioned) return
    const why = 'takes the constraints of the partitions for its own'
    yield statement('constraint', constraintDdl(inspection), why, EVERYBODY)
    return
  }
  for (const branch of branches.filter(({ leaf }) => !leaf)) {
    const wanted = { name: nameOf(branch), on: branch.quoted, unique: true, only: true }
    yield statement('build', indexDdl(inspection, wanted), 'holds those of the partitions', WRITERS)
  }
  for (const branch of [...branches].reverse()) {
    const above = branches.find(({ oid }) => oid === branch.parent)
    if (!above) continue
    const ddl = attachDdl(quoted(above, nameOf(above)), quoted(branch, nameOf(branch)))
    yield statement('build', ddl, 'becomes a part of the one above', EVERYBODY)
  }
}

function* clearing({ inspection }: Build, bare: readonly Branch[]) {
  for (const each of dropGateDdl(inspection)) {
    yield statement('clean up', each, 'the index has taken over', EVERYBODY)
  }
  for (const branch of bare) {
    const ddl = dropIndexDdl(quoted(branch, keyIndexName(inspection.guard, branch)))
    yield statement('clean up', ddl, 'only the gate needed it', EVERYBODY)
  }
  const why = 'tells the planner of the new index'
  yield statement('clean up', analyze(inspection.table.quoted).text, why, BUILDERS)
}

async function onlinePlan(build: Build, repair: boolean): Promise<readonly PlannedStatement[]> {
  const { connections, inspection } = build
  const { session } = connections
  const { branches } = await lookAround(session, inspection)
  const bare = await withoutKeyIndex(build)
  const functions = await keyFunctionsToMake(session, inspection)
  const old = await debrisDdl(build)
  return [
    ...old.map((ddl) =>
      statement('clean up', ddl, 'an enforcement that was killed left it', EVERYBODY),
    ),
    ...preparing(build, functions, bare),
    ...gating(build, await gateDdl(build), repair),
    ...building(build, branches),
    ...clearing(build, bare),
  ]
}

function lockedPlan(build: Build, functions: readonly string[]): readonly PlannedStatement[] {
  const { inspection, enforcement } = build
  const { guard, table } = inspection
  const ddl = enforcement.work.constraint
    ? constraintDdl(inspection)
    : indexDdl(inspection, { name: guard.index, on: table.quoted, unique: true })
  const count = countRepeated(inspection).text
  return [
    statement('check', count, 'duplicates end it here', NOBODY),
    ...functions.map((each) =>
      statement('build', each, 'the index stands on this function; it stays', NOBODY),
    ),
    statement(
      'build',
      ddl,
      'the index that decides; the table is small',
      enforcement.work.constraint ? EVERYBODY : WRITERS.replace('SHARE ROW EXCLUSIVE', 'SHARE'),
    ),
  ]
}

/**
 * Every statement that `enforce` would run on the table as it is now, in order. It looks only: what
 * it tries, on an empty copy, is rolled back.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE, HANDLE_INVALID, DURATION_INVALID
 */
export async function enforcementPlan(
  database: Database,
  guard: Guard,
  { repair = false, ...options }: Options = {},
): Promise<EnforcementPlan> {
  const { online, constraint, deadline } = options
  const work = {
    ...(online && { online }),
    ...(constraint && { constraint }),
    ...(deadline !== undefined && { deadline }),
  }
  const enforcement = new Enforcement(guard, work, deadlineMs(work))
  const inspection = await inspectNow(database, enforcement)
  if (constraint) refuseConstraint(inspection)
  const already = asEnforced(inspection)
  if (!already) refuseObstacle(inspection)
  const how = repair ? 'online' : await goesOnline(database, inspection, work)
  if (how === 'standing') {
    return { guard: guard.name, index: already?.index ?? guard.index, how, statements: [] }
  }
  const connections = await openConnections(database, enforcement)
  try {
    const form = await askForm(connections.session, inspection)
    const build = { enforcement, connections, inspection, form }
    const statements =
      how === 'online'
        ? await onlinePlan(build, repair)
        : lockedPlan(build, await keyFunctionsToMake(connections.session, inspection))
    return { guard: guard.name, index: guard.index, how, statements }
  } finally {
    await connections.close()
  }
}
