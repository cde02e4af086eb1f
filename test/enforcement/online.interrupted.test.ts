import { type EnforceProgress, type Guard, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn, sessionOn } from './ground.ts'
import { tracesOf } from './traces.ts'

let db: TestDatabase
let once: Onceover
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  database = openDatabase(db.pool)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const guarded = (ddl: string) => guardedOn(db, ddl)
const client = () => sessionOn(db)
const traces = ({ table }: Guard) => tracesOf(db.pool, table)
const query = (made: Guard, text: string) => db.pool.query(text.replaceAll('$t', made.table))

const online = { online: true } as const

describe('at its end', () => {
  test('the deadline names who is in the way, and nothing is left', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const holder = await client()
    await holder.query(`BEGIN; INSERT INTO ${made.table} (room) VALUES (7)`)
    const seen: EnforceProgress[] = []
    const call = once.enforce(made, {
      ...online,
      deadline: '1500ms',
      onProgress: (progress) => {
        seen.push(progress)
        if (progress.step === 'clean up') holder.end()
      },
    })
    await expect(call).rejects.toMatchObject({
      code: 'ENFORCE_TIMED_OUT',
      message: expect.stringContaining('nightly import, idle in transaction'),
      details: {
        step: 'key index',
        blockers: [{ user: 'postgres', query: expect.stringContaining('INSERT INTO') }],
      },
    })
    expect(seen.some(({ blockers }) => blockers.length > 0)).toBe(true)
    expect(await traces(made)).toEqual([])
    expect(await once.enforce(made, online)).toMatchObject({ created: true })
  })

  test('an old snapshot in the way of the last step leaves no index that rejects', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const reader = await client()
    let reading = false
    const call = once.enforce(made, {
      ...online,
      deadline: '2s',
      onProgress: ({ step }) => {
        if (step !== 'build' || reading) return
        reading = true
        reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class')
      },
    })
    await expect(call).rejects.toMatchObject({
      code: 'ENFORCE_TIMED_OUT',
      message: expect.stringContaining('nightly import'),
      details: { step: 'build' },
    })
    expect(await traces(made)).toEqual([])
    await query(made, "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    await reader.end()
  })

  test('a signal stops it, and nothing is left', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const holder = await client()
    await holder.query(`BEGIN; INSERT INTO ${made.table} (room) VALUES (7)`)
    const stop = new AbortController()
    const call = once.enforce(made, {
      ...online,
      signal: stop.signal,
      onProgress: ({ step, blockers }) => {
        if (blockers.length > 0) stop.abort()
        if (step === 'clean up') holder.end()
      },
    })
    await expect(call).rejects.toMatchObject({ code: 'ENFORCE_STOPPED' })
    expect(await traces(made)).toEqual([])
  })

  test('a writer who stays keeps what was begun: it is named, and goes next time', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const holder = await client()
    await holder.query(`BEGIN; INSERT INTO ${made.table} (room) VALUES (7)`)
    const call = once.enforce(made, { ...online, deadline: '300ms' })
    await expect(call).rejects.toMatchObject({
      code: 'ENFORCE_TIMED_OUT',
      fix: expect.stringMatching(
        'enforce again. What [^]* --drop; [^]*' +
          `DROP INDEX CONCURRENTLY IF EXISTS "public"."${made.index}_key";`,
      ),
    })
    await holder.end()
    expect(await once.enforce(made)).toMatchObject({ created: true, left: [] })
    expect(await traces(made)).toEqual([made.index])
  })

  test('a reader who stays keeps the gate, which stops nobody then, and is named', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const reader = await client()
    let reading: Promise<unknown> | undefined
    const enforced = await enforce(database, made, {
      ...online,
      repair: async () => undefined,
      onProgress: ({ step }) => {
        if (step !== 'build' || reading) return
        // It reads this table only, so that the build does not wait for it: no snapshot is kept.
        reading = reader.query(`BEGIN; LOCK TABLE ${made.table} IN ACCESS SHARE MODE`)
      },
    })
    expect(enforced).toMatchObject({ created: true, left: { length: 4 } })
    expect(enforced.left.join()).toContain('DROP TRIGGER')
    await query(made, "INSERT INTO $t (day, room) VALUES ('2025-01-02', 1)")
    await reader.end()
    expect(await once.enforce(made)).toMatchObject({ created: false, left: [] })
    expect(await traces(made)).toEqual([made.index])
  })

  test('a lost connection leaves nothing half done', async () => {
    const made = await guarded("INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const call = enforce(database, made, {
      ...online,
      onProgress: ({ step }) => {
        if (step !== 'build') return
        db.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'onceover'`)
      },
    })
    const ended = await call.then(
      ({ created }) => created,
      (error) => error,
    )
    if (ended !== true) expect(ended).toMatchObject({ code: 'CONNECTION_LOST' })
    // What was whole by then stays.
    const { coverage } = await once.inspect(made)
    expect(await traces(made)).toEqual(coverage.enforced ? [made.index] : [])
  })

  test.each<[how: string, options: object]>([
    ['online', { online: true }],
    ['under a lock', {}],
  ])('the deadline holds where somebody keeps everyone out: %s', async (_, options) => {
    const made = await guarded('')
    const holder = await client()
    await holder.query(`BEGIN; LOCK TABLE ${made.table}`)
    await expect(once.enforce(made, { ...options, deadline: '1s' })).rejects.toMatchObject({
      code: 'ENFORCE_TIMED_OUT',
      message: expect.stringContaining('nightly import'),
    })
    await holder.end()
    expect(await traces(made)).toEqual([])
  })
})
