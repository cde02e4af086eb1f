import { fork } from 'node:child_process'
import { once as onceEvent } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tracesOf } from '../enforcement/traces.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type EnforceTask, enforceTrial } from './enforcer.ts'
import { inLanes } from './processes.ts'

// In full: ONCEOVER_ENFORCE_STRIDE=1 npm test -- test/crashes/enforced.test.ts
const STRIDE = Number(process.env.ONCEOVER_ENFORCE_STRIDE ?? 23)
const TIME_LIMIT_MS = 3_600_000
const LANES = 2
const KEYS = 20

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

const enforcer = fileURLToPath(new URL('./enforcer.ts', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Every second table has two partitions. */
async function makeTable(table: string, partitioned: boolean): Promise<readonly string[]> {
  const index = `ux_${table}_${table}`
  const partition = (place: number) =>
    `CREATE TABLE ${table}_${place} PARTITION OF ${table}
       FOR VALUES WITH (MODULUS 2, REMAINDER ${place});`
  await db.pool.query(`CREATE TABLE ${table} (id serial, day date, room int, PRIMARY KEY (id, room))
      ${partitioned ? 'PARTITION BY HASH (room)' : ''};
    ${partitioned ? partition(0) + partition(1) : ''}
    INSERT INTO ${table} (day, room) SELECT '2025-01-01', i % ${KEYS}
    FROM generate_series(1, ${3 * KEYS}) i`)
  return partitioned ? [`${table}_0_${index}`, `${table}_1_${index}`, index] : [index]
}

/** Enforces in a process of its own; whether it was killed. */
async function enforceIn(task: EnforceTask): Promise<boolean> {
  const child = fork(enforcer, [JSON.stringify(task)], {
    cwd: repository,
    execArgv: ['--import', 'jiti/register'],
    stdio: 'inherit',
  })
  const [code, signal] = await onceEvent(child, 'exit')
  if (signal === 'SIGKILL') return true
  expect(code).toBe(0)
  return false
}

test(
  'an enforcement killed at any statement is finished by the next one, with nothing left over',
  async () => {
    let killed = 0
    let at = 1
    const ended = new Set<number>()
    const lane = async (lane: number) => {
      while (ended.size === 0) {
        const point = at
        at += STRIDE
        const table = `killed_${point}_${lane}`
        const indexes = await makeTable(table, lane > 0)
        const kill = { at: point, answered: point % 2 === 0 }
        if (await enforceIn({ url: db.url, table, kill })) killed++
        else ended.add(point)
        await enforceTrial(db.url, table)
        expect({ point, traces: await tracesOf(db.pool, table) }).toEqual({
          point,
          traces: indexes,
        })
        const { rows } = await db.pool.query(`SELECT FROM ${table}`)
        expect(rows).toHaveLength(KEYS)
      }
    }
    await inLanes(
      Array.from({ length: LANES }, (_, place) => place),
      LANES,
      lane,
    )
    console.info(`killed ${killed} of ${Math.max(...ended)} statements`)
    expect(killed).toBeGreaterThan(2)
  },
  TIME_LIMIT_MS,
)
