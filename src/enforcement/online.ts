import { OnceoverError } from '../core/error.ts'
import { countDuplicates } from '../duplicates/scan.ts'
import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Build } from './build.ts'
import { type Connections, openConnections } from './connections.ts'
import { adoptIndex } from './constraint.ts'
import { clearAway } from './debris.ts'
import { asEnforced, type Enforced } from './enforced.ts'
import type { Enforcement } from './enforcement.ts'
import { askForm } from './form.ts'
import { makeGate } from './gate.ts'
import { makeKeyFunctions } from './key-functions.ts'
import { makeKeyIndexes } from './key-index.ts'
import { inTransaction, isContention } from './lock-retry.ts'
import { buildUnique, refuseForeign } from './partitions.ts'
import { analyze, awaitVacuum } from './queries.ts'
import { inspectNow } from './read-now.ts'
import { listDuplicates, refuseConstraint, refuseHidden, refuseObstacle } from './refusals.ts'
import { lookAround } from './standing.ts'
import { takeTurn } from './turn.ts'

const BUILDS = 5
const REPAIRS = 10

async function hasDuplicates({ connections, inspection }: Build): Promise<boolean> {
  return (await countDuplicates(connections.session, inspection)).groups > 0
}

/** Repairs until no duplicate stands, or refuses them where nobody repairs. */
async function repairRest(database: Database, build: Build): Promise<void> {
  const { enforcement } = build
  const { repair } = enforcement.work
  for (let round = 0; await hasDuplicates(build); round++) {
    if (!repair || round === REPAIRS) await listDuplicates(database, enforcement)
    enforcement.require()
    if (!repair) continue
    enforcement.begin('repair')
    await enforcement.uncounted(repair)
  }
}

/** Builds the index as often as rows that slipped through the gate are in its way. */
async function buildBehindGate(database: Database, build: Build): Promise<readonly string[]> {
  const { enforcement, inspection } = build
  for (let round = 1; ; round++) {
    await repairRest(database, build)
    enforcement.begin('build')
    try {
      return await buildUnique(build)
    } catch (error) {
      if (sqlstate(error) !== SQLSTATE.uniqueViolation) throw error
      if (round < BUILDS) continue
      await listDuplicates(database, enforcement)
      throw new OnceoverError('DUPLICATES_EXIST', {
        message: `New duplicates of the guard ${inspection.guard.name} kept coming in.`,
        fix: 'Enforce again while fewer writers run at REPEATABLE READ or in large transactions.',
        details: { guard: inspection.guard.name, builds: round },
        cause: error,
      })
    }
  }
}

async function make(database: Database, build: Build): Promise<readonly string[]> {
  const { enforcement, connections, inspection } = build
  const { session } = connections
  refuseForeign(build, (await lookAround(session, inspection)).branches)
  const { repair } = enforcement.work
  if (!repair && (await hasDuplicates(build))) await listDuplicates(database, enforcement)
  const functions = await inTransaction(session, () => makeKeyFunctions(session, inspection))
  enforcement.begin('key index')
  await makeKeyIndexes(build)
  enforcement.begin('gate')
  await makeGate(build)
  return [...functions, ...(await buildBehindGate(database, build))]
}

// A vacuum that is under way may keep us from it; then it has done the same.
async function gatherStatistics({ connections, inspection }: Build): Promise<void> {
  const { session } = connections
  await inTransaction(session, async () => {
    await session.query(awaitVacuum())
    await session.query(analyze(inspection.table.quoted))
  }).catch((error: unknown) => {
    if (!isContention(error)) throw error
  })
}

async function makeAndVerify(database: Database, build: Build): Promise<Enforced> {
  const { enforcement, inspection } = build
  const already = asEnforced(inspection)
  const ddl = already ? [] : [...(await make(database, build))]
  const now = await inspectNow(database, enforcement)
  const enforced = asEnforced(now)
  const [index] = now.coverage.indexes
  if (!(enforced && index)) {
    refuseObstacle(now)
    throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
      message: `The index of the guard ${inspection.guard.name} was built and does not cover it.`,
      details: { guard: inspection.guard.name, table: inspection.guard.table },
    })
  }
  if (enforcement.work.constraint) ddl.push(...(await adoptIndex(build, index)))
  if (!already) await gatherStatistics(build)
  return { ...enforced, created: !already, ddl: ddl.join(';\n') }
}

const withLeft = (thrown: unknown, { name }: Guard, left: readonly string[]): unknown => {
  if (left.length === 0 || !(thrown instanceof OnceoverError)) return thrown
  return new OnceoverError(thrown.code, {
    message: `${thrown.message} Some of what was begun could not be taken back yet.`,
    fix:
      `${thrown.fix} What was left goes then, or with: onceover enforce ${name} --drop; by hand ` +
      `it is: ${left.join('; ')};`,
    details: { ...thrown.details, left },
    cause: thrown.cause,
  })
}

async function onConnections(
  database: Database,
  enforcement: Enforcement,
  connections: Connections,
  first: Inspection,
): Promise<Enforced> {
  enforcement.begin('turn')
  await takeTurn(enforcement, connections, first)
  enforcement.begin('check')
  const inspection = await inspectNow(database, enforcement)
  if (!asEnforced(inspection)) {
    refuseObstacle(inspection)
    refuseHidden(inspection)
  }
  if (enforcement.work.constraint) refuseConstraint(inspection)
  const form = await askForm(connections.session, inspection)
  const build = { enforcement, connections, inspection, form }
  try {
    const enforced = await makeAndVerify(database, build)
    return { ...enforced, left: await clearAway(database, build) }
  } catch (error) {
    throw withLeft(error, build.inspection.guard, await clearAway(database, build))
  }
}

/**
 * Enforces a guard while writers go on: key index, gate, repair of the rest, unique index; then
 * everything that only helped is taken away, however it ended. What a killed one left is used or
 * taken away.
 *
 * @param first an inspection from before its turn
 * @throws OnceoverError DUPLICATES_EXIST, GUARD_NOT_ENFORCEABLE, INDEX_NAME_TAKEN, RLS_HIDES_ROWS,
 * HANDLE_INVALID, ENFORCE_TIMED_OUT, ENFORCE_STOPPED
 */
export async function enforceOnline(
  database: Database,
  enforcement: Enforcement,
  first: Inspection,
): Promise<Enforced> {
  const connections = await openConnections(database, enforcement)
  try {
    return await onConnections(database, enforcement, connections, first)
  } catch (error) {
    // The wait for a lock ends with the deadline, whatever statement it is in.
    if (isContention(error) && enforcement.over) throw enforcement.failure()
    throw error
  } finally {
    await connections.close()
  }
}
