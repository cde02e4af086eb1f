import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OnceoverError, onceover, rejectedVerdicts } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(LESSONS)
})
afterAll(() => opened.close())
beforeEach(async () => {
  await opened.query('TRUNCATE lesson, onceover.run RESTART IDENTITY')
  await opened.query("INSERT INTO lesson (teacher, day, slot) VALUES (1, '2025-10-23', '10:20')")
})

const reject = { onDuplicate: 'reject', reason: 'term', actor: 'cron' } as const

const rejected = async (input: readonly object[], options = {}): Promise<OnceoverError> => {
  const call = opened.once.insert(lessons, input as never, { ...reject, ...options })
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof OnceoverError)) throw error ?? new Error('it was not rejected')
  return error
}

const rows = async () => (await opened.query('SELECT count(*)::int FROM lesson'))[0]?.count

describe('reject', () => {
  test('makes all rows where every one is new', async () => {
    const input = [lesson(2), lesson(3)]
    const { totals } = await opened.once.insert(lessons, input, reject)
    expect(totals).toMatchObject({ rows: 2, created: 2 })
  })

  test('makes none where one is not, and lists every one with what it met', async () => {
    const error = await rejected([
      lesson(2),
      lesson(1),
      lesson(2),
      lesson(3, { seats: 0 }),
      { ...lesson(4), day: '' },
    ])
    expect(error.code).toBe('ROWS_REJECTED')
    expect(error.exitCode).toBe(4)
    expect(error.message).toContain('4 of 5 rows')
    expect(rejectedVerdicts(error)).toMatchObject([
      { index: 1, verdict: 'skipped', existing: { id: 1, seats: 20 }, key: { teacher: 1 } },
      { index: 2, verdict: 'collided', firstIndex: 0 },
      { index: 3, verdict: 'failed', constraint: 'lesson_seats_positive' },
      { index: 4, verdict: 'invalid' },
    ])
    expect(await rows()).toBe(1)
  })

  test('is recorded: a run that made nothing, and events of what it met', async () => {
    await rejected([lesson(2), lesson(1), lesson(2)])
    const [run] = await opened.query('SELECT * FROM onceover.run')
    expect(run).toMatchObject({ policy: 'reject', created: '0', skipped: '1', collided: '1' })
    const events = await opened.once.events({ run: String(run?.id) })
    expect(events).toHaveLength(2)
    expect(events.find(({ verdict }) => verdict === 'skipped')).toMatchObject({
      reason: 'exists',
      actor: 'cron',
      keys: [{ teacher: 1, day: '2025-10-23', slot: '10:20' }],
      existing: [{ id: 1 }],
    })
  })

  test('rejects more rows than a chunk as a whole', async () => {
    const input = Array.from({ length: 2500 }, (_, place) => lesson(2500 - place))
    const error = await rejected(input)
    expect(rejectedVerdicts(error)).toMatchObject([{ index: 2499, verdict: 'skipped' }])
    expect(await rows()).toBe(1)
  })

  test('leaves the caller’s transaction usable, with its event in it', async () => {
    await opened.once.transaction(async (handle) => {
      await handle.query("INSERT INTO lesson (teacher, slot) VALUES (50, 'mine')")
      await rejected([lesson(2), lesson(1)], { handle })
      const { totals } = await opened.once.insert(lessons, [lesson(3)], { ...reject, handle })
      expect(totals.created).toBe(1)
    })
    const made = await opened.query('SELECT teacher FROM lesson ORDER BY teacher')
    expect(made.map(({ teacher }) => teacher)).toEqual([1, 3, 50])
    const runs = await opened.query('SELECT created, skipped FROM onceover.run ORDER BY created')
    expect(runs).toEqual([
      { created: '0', skipped: '1' },
      { created: '1', skipped: '0' },
    ])
  })

  test('is refused for a stream', async () => {
    const stream = opened.once.insertStream(lessons, [lesson(2)], {
      onDuplicate: 'reject' as never,
    })
    await expect(stream.next()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  test('of one row throws as well', async () => {
    const call = opened.once.insertOne(lessons, lesson(1), reject)
    await expect(call).rejects.toMatchObject({ code: 'ROWS_REJECTED' })
  })

  test('of one row tells the primary key and `show` of what stands, nothing else', async () => {
    await opened.query("UPDATE lesson SET code = 'secret'")
    const error = await opened.once.insertOne(lessons, lesson(1), reject).catch((each) => each)
    expect(rejectedVerdicts(error)?.map(({ existing }) => existing)).toEqual([{ id: 1, seats: 20 }])
    expect(error.message).toContain('exists as {"id":1,"seats":20}')
    expect(JSON.stringify([error.message, error])).not.toContain('secret')
  })

  test('logs no more of it either, where nothing can be recorded', async () => {
    const bare = await open(LESSONS, { migrated: false })
    const logged: object[] = []
    const log = (facts: object) => logged.push(facts)
    const logger = { debug: log, info: log, warn: log, error: log }
    const once = await onceover({ db: bare.db.pool, logger })
    try {
      const row = lesson(1, { code: 'secret' })
      await once.insertOne(lessons, row)
      await once.insertOne(lessons, row)
      await expect(once.insertOne(lessons, row, reject)).rejects.toMatchObject({
        code: 'ROWS_REJECTED',
      })
      const met = { verdict: 'skipped', existing: [{ id: 1, seats: 20 }] }
      expect(logged.filter((facts) => 'existing' in facts && 'keys' in facts)).toMatchObject([
        { verdict: 'created' },
        met,
        met,
      ])
      expect(JSON.stringify(logged)).not.toContain('secret')
    } finally {
      await once.close()
      await bare.close()
    }
  })
})
