import { type ChildProcess, fork } from 'node:child_process'
import { once as onceEvent } from 'node:events'
import { fileURLToPath } from 'node:url'
import { guard, int } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { tracesOf } from '../enforcement/traces.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import type { Written } from './enforce-writer.ts'

// In full: ONCEOVER_ENFORCE_ROUNDS=20 ONCEOVER_ENFORCE_ROWS=525000 npm test -- test/races/enforce
const ROUNDS = Number(process.env.ONCEOVER_ENFORCE_ROUNDS ?? 2)
const ROWS = Number(process.env.ONCEOVER_ENFORCE_ROWS ?? 20_000)
const TIME_LIMIT_MS = 3_600_000
const WRITERS = 4

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

const writer = fileURLToPath(new URL('./enforce-writer.ts', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

async function startWriter(table: string): Promise<ChildProcess> {
  const child = fork(writer, [db.url, table, String(ROWS)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await onceEvent(child, 'message')
  return child
}

async function stopWriter(child: ChildProcess): Promise<Written> {
  const told = onceEvent(child, 'message')
  child.send('stop')
  const [written] = await told
  return written as Written
}

const duplicatesIn = async (table: string): Promise<number> => {
  const { rows } = await db.pool.query(`SELECT FROM ${table} GROUP BY v HAVING count(*) > 1`)
  return rows.length
}

test(
  'four processes write duplicates all the while, and the index is there on the first try',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const table = `race_${round}`
      await db.pool.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v int);
        INSERT INTO ${table} (v) SELECT i % (${ROWS} * 9 / 10) FROM generate_series(1, ${ROWS}) i;
        CREATE INDEX ON ${table} (v)`)
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => startWriter(table)))
      const made = guard(table, { table, key: { v: int() } })
      let builds = 0
      let repairs = 0
      const enforced = await enforce(openDatabase(db.pool), made, {
        online: true,
        repair: async () => {
          repairs++
          await db.pool.query(
            `DELETE FROM ${table} a USING ${table} b WHERE a.v = b.v AND a.id > b.id`,
          )
        },
        onProgress: ({ step, phase }) => {
          if (step === 'build' && phase === undefined) builds++
        },
      })
      const written = await Promise.all(writers.map(stopWriter))
      console.info(JSON.stringify({ round, builds, repairs, written }))
      expect(enforced).toMatchObject({ created: true, left: [] })
      expect(repairs).toBe(1)
      expect(await duplicatesIn(table)).toBe(0)
      expect(await tracesOf(db.pool, table)).toEqual([`${table}_v_idx`, made.index].sort())
      // They did write, and were refused: else nothing was raced.
      expect(written.every(({ rows }) => rows > 0)).toBe(true)
      expect(written.some(({ refused }) => refused > 0)).toBe(true)
    }
  },
  TIME_LIMIT_MS,
)
