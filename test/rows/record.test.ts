import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Logger, onceover, sql } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(LESSONS)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson, onceover.run RESTART IDENTITY'))

type Line = readonly [level: string, message: string, facts: Readonly<Record<string, unknown>>]

const listening = (): { readonly lines: Line[]; readonly logger: Logger } => {
  const lines: Line[] = []
  const level = (name: string) => (facts: Line[2], message: string) =>
    void lines.push([name, message, facts])
  const logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
  }
  return { lines, logger }
}

/** Rows of which some are created, skipped, collided, invalid for two reasons, and failed. */
const mixed = async () => {
  await opened.once.insert(lessons, [lesson(1), lesson(2)])
  return [
    ...[lesson(1), lesson(2), lesson(3), lesson(4), lesson(3)],
    ...[lesson(5, { seats: 0 }), lesson(6, { seats: 0 }), lesson(7, { nonsense: 1 })],
    ...[
      { ...lesson(8), day: 'x' },
      { ...lesson(9), day: 'y' },
    ],
  ]
}

describe('events', () => {
  test('are one for each verdict and reason of a chunk', async () => {
    const { run, verdicts } = await opened.once.insert(lessons, (await mixed()) as never, {
      actor: 'cron',
    })
    const events = await opened.once.events({ run: String(run) })
    const kinds = new Map<string, unknown[]>()
    for (const { verdict, reason, key } of verdicts) {
      const kind = `${verdict} ${reason ?? null}`
      kinds.set(kind, [...(kinds.get(kind) ?? []), key])
    }
    expect(events).toHaveLength(kinds.size)
    for (const { verdict, reason, keys, actor, guard } of events) {
      expect(new Set(keys)).toEqual(new Set(kinds.get(`${verdict} ${reason}`)))
      expect([actor, guard]).toEqual(['cron', 'lessons'])
    }
    const [stored] = await opened.query('SELECT * FROM onceover.run WHERE id = $1', [run])
    expect(stored).toMatchObject({
      created: '2',
      skipped: '2',
      collided: '1',
      invalid: '3',
      failed: '2',
    })
  })

  test('name the row that each skipped row met', async () => {
    const { run, verdicts } = await opened.once.insert(lessons, (await mixed()) as never)
    const [event] = await opened.once.events({ run: String(run), verdict: 'skipped' })
    const skipped = verdicts.filter(({ verdict }) => verdict === 'skipped')
    for (const [place, key] of (event?.keys ?? []).entries()) {
      const verdict = skipped.find((each) => each.key.teacher === key.teacher)
      expect(event?.existing?.[place]).toEqual({ id: verdict?.existing?.id })
    }
  })

  test('of more rows than a chunk are cut by the chunk, not by the place', async () => {
    const input = Array.from({ length: 2500 }, (_, place) => lesson((place * 7919) % 2500))
    const { run } = await opened.once.insert(lessons, input)
    const events = await opened.once.events({ run: String(run) })
    expect(events.map(({ keys }) => keys.length).sort()).toEqual([1000, 1000, 500])
  })

  test('of rows recorded by themselves are cut by the thousand', async () => {
    const input = Array.from({ length: 2500 }, () => lesson(1))
    const { run } = await opened.once.insert(lessons, input)
    const events = await opened.once.events({ run: String(run), verdict: 'collided' })
    expect(events.map(({ keys }) => keys.length).sort()).toEqual([1000, 1000, 499])
  })

  test.each([
    ['UPDATE', "UPDATE onceover.event SET reason = 'x'"],
    ['DELETE', 'DELETE FROM onceover.event'],
    ['TRUNCATE', 'TRUNCATE onceover.event'],
  ])('are refused by the database to be changed: %s', async (_, statement) => {
    await opened.once.insert(lessons, [lesson(1)])
    const before = await opened.once.events()
    await expect(opened.query(statement)).rejects.toMatchObject({ code: '42501' })
    expect(await opened.once.events()).toEqual(before)
  })

  test('stand and fall with the rows', async () => {
    const before = await opened.once.events()
    const call = opened.once.transaction(async (handle) => {
      await opened.once.insert(lessons, [lesson(1)], { handle })
      throw new Error('mine')
    })
    await expect(call).rejects.toThrow('mine')
    expect(await opened.once.events()).toEqual(before)
    expect(await opened.query('SELECT FROM onceover.run')).toEqual([])
  })
})

test('the counters count every verdict of this process', async () => {
  const once = await onceover({ db: opened.db.pool })
  const none = {
    created: 0,
    replaced: 0,
    allowed: 0,
    skipped: {},
    collided: 0,
    invalid: 0,
    failed: 0,
    in_flight: 0,
    cancelled: 0,
    steps: { made: 0, avoided: 0, asked: 0 },
  }
  expect(once.counters).toEqual({ ...none, skipped: once.counters.skipped })
  const input = (await mixed()) as never
  await once.insert(lessons, input)
  await once.insert(lessons, [lesson(1)], { onDuplicate: 'replace' })
  await once.insert(lessons, sql`SELECT teacher, day, slot FROM lesson`)
  await once.insert(lessons, [lesson(1)], { onDuplicate: 'reject' }).catch(() => {})
  expect(once.counters).toEqual({
    ...none,
    created: 2,
    replaced: 1,
    skipped: { exists: 7 },
    collided: 1,
    invalid: 3,
    failed: 2,
  })
})

describe('the logger', () => {
  test('is told of each call, its run and its totals, and warned of rows that failed', async () => {
    const { lines, logger } = listening()
    const once = await onceover({ db: opened.db.pool, logger })
    const { run, totals } = await once.insert(lessons, [lesson(1)], { reason: 'r', actor: 'a' })
    await once.insert(lessons, [lesson(2, { seats: 0 })])
    expect(lines).toHaveLength(2)
    expect(lines[0]).toEqual([
      'info',
      'onceover: rows inserted',
      { run, guard: 'lessons', policy: 'skip', reason: 'r', actor: 'a', totals },
    ])
    expect(lines[1]?.[0]).toBe('warn')
  })

  test('gets the audit where our schema is missing, and the insert works', async () => {
    const bare = await open(LESSONS, { migrated: false })
    const { lines, logger } = listening()
    const once = await onceover({ db: bare.db.pool, logger })
    await once.insert(lessons, [lesson(1)])
    const { run, totals, verdicts } = await once.insert(
      lessons,
      [lesson(1), lesson(2), lesson(3, { seats: 0 })],
      { actor: 'cron' },
    )
    expect(run).toBeUndefined()
    expect(totals).toMatchObject({ created: 1, skipped: 1, failed: 1 })
    const events = lines.slice(2).filter(([, message]) => message === 'onceover: event')
    expect(events.map(([, , facts]) => facts)).toMatchObject([
      { verdict: 'created', keys: [{ teacher: 2 }], actor: 'cron' },
      { verdict: 'skipped', keys: [{ teacher: 1 }], existing: [verdicts[0]?.existing] },
      { verdict: 'failed', keys: [{ teacher: 3 }] },
    ])
    const selected = await once.insert(
      lessons,
      sql`SELECT 9 AS teacher, 'x' AS slot, '2025-10-23' AS day`,
    )
    expect(selected).toMatchObject({ totals: { created: 1 }, verdicts: [] })
    await bare.close()
  })

  test('that throws does not make a committed insert look failed', async () => {
    const fail = () => {
      throw new Error('the log is full')
    }
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    const once = await onceover({ db: opened.db.pool, logger })
    const { totals } = await once.insert(lessons, [lesson(1)])
    expect(totals.created).toBe(1)
  })
})

test('the schema may come and go while a process runs', async () => {
  const bare = await open(LESSONS, { migrated: false })
  const runs = []
  runs.push((await bare.once.insert(lessons, [lesson(1)])).run)
  await bare.once.migrate()
  runs.push((await bare.once.insert(lessons, [lesson(2)])).run)
  await bare.once.uninstall()
  runs.push((await bare.once.insert(lessons, [lesson(3)])).run)
  expect(runs).toEqual([undefined, expect.any(String), undefined])
  expect(await bare.query('SELECT teacher FROM lesson ORDER BY teacher')).toHaveLength(3)
  await bare.close()
})
