import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from './session.ts'
import { type Sql, sql } from './sql.ts'
import { SQLSTATE, sqlstate } from './sqlstates.ts'

// Shorter than deadlock_timeout: who waits for us in turn goes on before anybody is ended.
const WAIT_MS = 400
const PAUSE_MS = 200

const ALTERED = /\b(?:ALTER TABLE|ON) (onceover\.\w+)/g

/** The tables of our schema that DDL alters or indexes. */
export const alteredBy = (texts: readonly string[]): readonly string[] => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(ALTERED)].map(([, name = '']) => name))),
]

const selectThere = (names: readonly string[]): Sql =>
  sql`SELECT name FROM unnest(${[...names]}::text[]) AS name WHERE to_regclass(name) IS NOT NULL`

const limitWait = (timeout: string): Sql =>
  sql`SELECT set_config('lock_timeout', ${timeout}::text, true)`

const CONTENTION: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.lockNotAvailable,
  SQLSTATE.deadlockDetected,
])

async function tryLock(session: Session, names: readonly string[]): Promise<boolean> {
  try {
    await session.savepoint(async () => {
      await session.query(limitWait(`${WAIT_MS}ms`))
      await session.query(sql.raw(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`))
    })
    return true
  } catch (error) {
    if (CONTENTION.has(sqlstate(error))) return false
    throw error
  }
}

/**
 * Locks tables for the rest of a transaction, all of them or none: asked for again until they are
 * free, and never waited for. Workers lock them in orders of their own, so whoever held one and
 * waited for another would end in a deadlock with them.
 *
 * @param names of tables of our schema, with it; those that there are not are left out
 */
export async function lockTables(session: Session, names: readonly string[]): Promise<void> {
  const there = await session.query<{ name: string }>(selectThere(names))
  if (there.length === 0) return
  const [before] = await session.query<{ timeout: string }>(
    sql`SELECT current_setting('lock_timeout') AS timeout`,
  )
  const own = there.map(({ name }) => name)
  while (!(await tryLock(session, own))) await sleep(PAUSE_MS * (1 + Math.random()))
  await session.query(limitWait(before?.timeout ?? '0'))
}
