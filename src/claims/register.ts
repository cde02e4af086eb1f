import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import {
  type Registered,
  registerGuard,
  renameGuard,
  selectGuard,
  updateGuard,
} from './register/queries.ts'

// Types whose values have the same hash may be exchanged: a column may grow.
const HASHED_AS: Readonly<Record<string, string>> = {
  int2: 'int',
  int4: 'int',
  int8: 'int',
  varchar: 'text',
  bpchar: 'text',
  float4: 'float',
  float8: 'float',
}

const partOf = ({ name, part, base }: InspectedPart) => [
  name,
  HASHED_AS[base] ?? base,
  part.kind === 'set' ? 'set' : part.sql,
  part.form.trim ? 'trim' : '',
  part.form.fold ? 'fold' : '',
]

/** A guard as the ledger keeps it, to be held against what it has. */
export const registrationOf = ({ guard, table, parts }: Inspection): Registered => ({
  name: guard.name,
  table: `${table.schema}.${table.name}`,
  key: JSON.stringify({ parts: parts.map(partOf), where: guard.where ?? null }),
})

interface Found {
  readonly key: string | null
  readonly claims: string
  readonly namesakes: string | null
}

const partsIn = (key: string): string => JSON.stringify(JSON.parse(key).parts)

function refuse(own: Registered, { key, claims, namesakes }: Found): void {
  if (key !== null && claims === 'true' && partsIn(key) !== partsIn(own.key)) {
    throw changed(own, key)
  }
  const [former] = JSON.parse(namesakes ?? '[]') as string[]
  if (former === undefined) return
  throw new OnceoverError('GUARD_RENAMED', {
    message:
      `The guard ${own.name} has no claims, and ${former} has the same table, key and where: ` +
      'under the new name its finished work would be done again.',
    fix: `Keep the name ${former}, or call once.renameGuard('${former}', guard).`,
    details: { guard: own.name, before: former },
  })
}

const changed = (own: Registered, before: string): OnceoverError =>
  new OnceoverError('GUARD_CHANGED', {
    message:
      `The guard ${own.name} has claims that were made under another key, ${partsIn(before)}: ` +
      'under the new one none of them would be found, and their work be done again.',
    details: { guard: own.name, before: JSON.parse(before), now: JSON.parse(own.key) },
  })

const RETRIES = 10

async function inLedger<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await database.transaction((handle) => work(database.within(handle)), {
      retries: RETRIES,
    })
  } catch (error) {
    throw unmigrated(error, database.target)
  }
}

/** An error of a statement on the ledger: NOT_MIGRATED where there is none. */
export function unmigrated(error: unknown, target: string): unknown {
  const state = sqlstate(error)
  if (state !== SQLSTATE.undefinedTable && state !== SQLSTATE.undefinedColumn) return error
  return new OnceoverError('NOT_MIGRATED', {
    message: `${target} has no ledger: claims need the schema onceover, up to date.`,
    details: { target },
    cause: error,
  })
}

/**
 * Holds a guard against what the ledger knows of it, before anything is claimed.
 *
 * @throws OnceoverError GUARD_CHANGED where its key was declared anew while it has claims,
 * GUARD_RENAMED where another name has the claims of this one, NOT_MIGRATED
 */
export function register(database: Database, own: Registered): Promise<void> {
  return inLedger(database, async (session) => {
    const [found] = await session.query<Found>(registerGuard(own))
    if (!found) return
    refuse(own, found)
    if (found.key !== null && found.key !== own.key) await session.query(updateGuard(own))
  })
}

/**
 * Moves the claims, steps and runs of a guard to its new name; answers with the number of claims.
 *
 * @throws OnceoverError GUARD_CHANGED where the claims were made under another key, NOT_MIGRATED,
 * QUERY_FAILED where both names have claims on one key
 */
export function rename(database: Database, from: string, to: Registered): Promise<number> {
  return inLedger(database, async (session) => {
    const [former] = await session.query<{ key: string }>(selectGuard(from))
    if (former && partsIn(former.key) !== partsIn(to.key)) throw changed(to, former.key)
    const [row] = await session.query<{ claims: string }>(renameGuard(from, to))
    return Number(row?.claims ?? 0)
  })
}
