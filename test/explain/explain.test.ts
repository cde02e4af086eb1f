import { date, guard, int } from 'onceover'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import {
  errorOf,
  insertRaw,
  type LessonsDatabase,
  lesson,
  lessons,
  lessonsDatabase,
  untilBlocked,
} from './lessons.ts'

let db: LessonsDatabase
beforeAll(async () => {
  db = await lessonsDatabase()
})
afterAll(() => db.close())

const guards = [lessons]
const idOf = async (slot: string) => {
  const { rows } = await db.pool.query('SELECT id FROM lessons WHERE slot = $1', [slot])
  return String(rows[0]?.id)
}

describe('(a) the same key twice in one input', () => {
  test('is likely where the row that was met has gone with the statement', async () => {
    const error = await errorOf(insertRaw(db.pool, [lesson('a1'), lesson('a2'), lesson('a1')]))
    const told = await db.once.explain(error, { guards })
    expect(told).toMatchObject({
      guard: 'lessons',
      constraint: 'lessons_key',
      table: 'public.lessons',
      attempted: { teacher: '1', school: '7', day: '2025-09-08', slot: 'a1' },
      cause: 'repeated_in_input',
      likelihood: 'likely',
    })
    expect(told.existing).toBeUndefined()
  })

  test('is certain where the input is passed, whose places are named', async () => {
    const input = [lesson('a1'), lesson('a2'), lesson('a1')]
    const error = await errorOf(insertRaw(db.pool, input))
    expect(await db.once.explain(error, { guards, input })).toMatchObject({
      cause: 'repeated_in_input',
      likelihood: 'certain',
      evidence: ['The key stands in rows 0 and 2 of the same input.'],
    })
  })

  test('is ruled out where the key stands once in the input', async () => {
    await insertRaw(db.pool, [lesson('a3')])
    const input = [lesson('a3'), lesson('a4')]
    const error = await errorOf(insertRaw(db.pool, input))
    const told = await db.once.explain(error, { guards, input })
    expect(told.others.find(({ cause }) => cause === 'repeated_in_input')).toMatchObject({
      likelihood: 'ruled_out',
    })
  })
})

describe('(b) a lost race of two clients', () => {
  const race = async (slot: string) => {
    const winner = await db.pool.connect()
    try {
      await winner.query('BEGIN')
      await insertRaw(winner, [lesson(slot)])
      const loser = errorOf(insertRaw(db.pool, [lesson(slot)]))
      await untilBlocked(db.pool, winner)
      await winner.query('COMMIT')
      return await loser
    } finally {
      winner.release()
    }
  }

  test('is likely where the row was made just before the error', async () => {
    const error = await race('b1')
    expect(await db.once.explain(error, { guards })).toMatchObject({
      existingId: { id: await idOf('b1') },
      cause: 'lost_race',
      likelihood: 'likely',
    })
  })

  test('is told from a retry by a look before the attempt', async () => {
    const error = await race('b2')
    expect(await db.once.explain(error, { guards, foreseen: 'created' })).toMatchObject({
      cause: 'lost_race',
      likelihood: 'certain',
    })
  })
})

describe('(c) a retry of work that is done', () => {
  test('is likely where the row is older', async () => {
    const created_at = '2025-09-01T08:00:00Z'
    await insertRaw(db.pool, [lesson('c1', { created_at, note: 'first' })])
    const error = await errorOf(insertRaw(db.pool, [lesson('c1')]))
    expect(await db.once.explain(error, { guards })).toMatchObject({
      existing: { id: await idOf('c1'), note: 'first' },
      madeAt: '2025-09-01T08:00:00.000Z',
      cause: 'retry_of_done_work',
      likelihood: 'likely',
    })
  })

  test('rules a lost race out where the row is far older, whatever else is known', async () => {
    const created_at = new Date(Date.now() - 621.5 * 24 * 3600 * 1000)
    await insertRaw(db.pool, [lesson('c0', { created_at })])
    const error = await errorOf(insertRaw(db.pool, [lesson('c0')]))
    const says = `Its created_at is ${created_at.toISOString()}.`
    const raceOf = async (more: object) => {
      const told = await db.once.explain(error, { guards, ...more })
      expect(told).toMatchObject({ cause: 'retry_of_done_work', likelihood: 'likely' })
      return told.others.find(({ cause }) => cause === 'lost_race')
    }
    expect(await raceOf({})).toMatchObject({
      likelihood: 'ruled_out',
      evidence: [says, 'That is 621 days before the error.'],
    })
    expect(await raceOf({ startedAt: new Date() })).toMatchObject({
      likelihood: 'ruled_out',
      evidence: [says, 'That is 621 days before the attempt began.'],
    })
  })

  test('leaves a lost race open where nobody says when the error was raised', async () => {
    await insertRaw(db.pool, [lesson('c9', { created_at: '2025-09-01T08:00:00Z' })])
    const error = await errorOf(insertRaw(db.pool, [lesson('c9')]))
    const { message, detail } = error as pg.DatabaseError
    const log = `ERROR:  ${message}\nDETAIL:  ${detail}`
    const told = await db.once.explain(log, { guards })
    expect(told).toMatchObject({
      cause: 'retry_of_done_work',
      likelihood: 'likely',
      evidence: ['Its created_at is 2025-09-01T08:00:00.000Z.'],
    })
    expect(told.others.find(({ cause }) => cause === 'lost_race')).toMatchObject({
      likelihood: 'possible',
      evidence: ['Nothing says when the error was raised: pass `startedAt` to tell.'],
    })
  })

  test('is certain where a look before found the row, whose maker the audit knows', async () => {
    const { run } = await db.once.insert(lessons, [lesson('c2')], {
      actor: 'ana',
      reason: 'term plan',
    })
    const { verdicts } = await db.once.preview(lessons, [lesson('c2')])
    const foreseen = verdicts[0]?.verdict ?? ''
    const again = await db.once.insert(lessons, [lesson('c2')])
    const told = await db.once.explain(again.verdicts[0], { guards, foreseen })
    expect(told).toMatchObject({
      madeBy: { run, actor: 'ana', reason: 'term plan' },
      cause: 'retry_of_done_work',
      likelihood: 'certain',
    })
    expect(told.evidence.join(' ')).toContain('by ana')
  })

  test('and a lost race are told apart by when the request came in', async () => {
    await db.once.insert(lessons, [lesson('c3')])
    const error = await errorOf(insertRaw(db.pool, [lesson('c3')]))
    const causeOf = async (startedAt: Date) => {
      const { cause, likelihood } = await db.once.explain(error, { guards, startedAt })
      return [cause, likelihood]
    }
    const minute = 60_000
    expect(await causeOf(new Date(Date.now() + minute))).toEqual(['retry_of_done_work', 'certain'])
    expect(await causeOf(new Date(Date.now() - minute))).toEqual(['lost_race', 'certain'])
  })
})

describe('(d) a missing part of the key', () => {
  test('is certain where the index takes NULLs for equal and refuses the second', async () => {
    await db.pool.query(
      `CREATE TABLE strict (id int PRIMARY KEY, a int, b text, UNIQUE NULLS NOT DISTINCT (a, b))`,
    )
    await insertRaw(db.pool, [{ id: 1, a: null, b: 'null' }], 'strict')
    const error = await errorOf(insertRaw(db.pool, [{ id: 2, a: null, b: 'null' }], 'strict'))
    expect(await db.once.explain(error)).toMatchObject({
      attempted: { a: null, b: 'null' },
      existingId: { id: '1' },
      cause: 'missing_key_part',
      likelihood: 'certain',
    })
  })

  test('is certain where the guard calls the row invalid; rows like it are counted', async () => {
    await insertRaw(db.pool, [lesson('d1', { school: null }), lesson('d1', { school: null })])
    const row = { ...lesson('d1'), school: null as unknown as number }
    const { verdicts } = await db.once.insert(lessons, [row])
    const told = await db.once.explain(verdicts[0], { guards })
    expect(told).toMatchObject({ cause: 'missing_key_part', likelihood: 'certain' })
    expect(told.evidence).toContain('2 such row(s) with NULL in school stand.')
    expect(told.fix).toContain('ALTER COLUMN "school" SET NOT NULL')
  })

  test('is certain where the column itself refuses NULL', async () => {
    const error = await errorOf(insertRaw(db.pool, [lesson('d2', { day: null })]))
    expect(await db.once.explain(error, { guards })).toMatchObject({
      guard: 'lessons',
      cause: 'missing_key_part',
      likelihood: 'certain',
    })
  })
})

describe('(e) a fallback value', () => {
  test('is certain where the guard forbids it', async () => {
    await insertRaw(db.pool, [lesson('structured')])
    const error = await errorOf(insertRaw(db.pool, [lesson('structured')]))
    const told = await db.once.explain(error, { guards })
    expect(told).toMatchObject({ cause: 'fallback_value', likelihood: 'certain' })
    expect(told.evidence[0]).toContain('forbids "structured" in slot')
  })

  test('is likely where it is a word among times, without a guard that says so', async () => {
    await db.pool.query('CREATE TABLE slots (day date, slot text, UNIQUE (day, slot))')
    const times = ['08:15-08:45', '08:30-09:00', '09:00-10:00', '09:15-09:45', '10:20-11:20']
    await insertRaw(
      db.pool,
      [...times, 'structured'].map((slot) => ({ day: '2025-09-02', slot })),
      'slots',
    )
    const again = [{ day: '2025-09-02', slot: 'structured' }]
    const error = await errorOf(insertRaw(db.pool, again, 'slots'))
    const told = await db.once.explain(error)
    expect(told).toMatchObject({ cause: 'fallback_value', likelihood: 'likely' })
    expect(told.evidence).toEqual([
      'slot is "structured" (1 row so far), while 5 of the 5 other values found there look like ' +
        '"08:15-08:45".',
    ])
    const usual = [{ day: '2025-09-02', slot: '08:15-08:45' }]
    const other = await db.once.explain(await errorOf(insertRaw(db.pool, usual, 'slots')))
    expect(other.cause).not.toBe('fallback_value')
  })

  test.each([
    ['uuid', '00000000-0000-0000-0000-000000000000'],
    ['timestamptz', '1970-01-01T00:00:00Z'],
    ['date', '1970-01-01'],
    ['text', 'undefined'],
    ['text', ''],
  ])('is likely for the %s %s, which programs write for no value', async (type, value) => {
    await db.pool.query(`CREATE TABLE IF NOT EXISTS known_${type} (k ${type} UNIQUE)`)
    await insertRaw(db.pool, [{ k: value }], `known_${type}`)
    const error = await errorOf(insertRaw(db.pool, [{ k: value }], `known_${type}`))
    expect(await db.once.explain(error)).toMatchObject({
      cause: 'fallback_value',
      likelihood: 'likely',
    })
  })
})

describe('(f) a narrower constraint', () => {
  test('is certain where the row is passed and the key of the guard is free', async () => {
    await db.pool.query('TRUNCATE lessons')
    await db.pool.query('ALTER TABLE lessons ADD CONSTRAINT no_school UNIQUE (teacher, day, slot)')
    await insertRaw(db.pool, [lesson('f2')])
    const other = lesson('f2', { school: 8 })
    const refused = await errorOf(insertRaw(db.pool, [other]))
    const told = await db.once.explain(refused, { guards, row: other })
    expect(told).toMatchObject({
      constraint: 'no_school',
      attempted: { teacher: '1', school: 8, day: '2025-09-08', slot: 'f2' },
      cause: 'narrower_constraint',
      likelihood: 'certain',
    })
    expect(told.fix).toContain('ALTER TABLE "public"."lessons" DROP CONSTRAINT "no_school";')
    expect(await db.once.explain(refused, { guards })).toMatchObject({
      cause: 'narrower_constraint',
      likelihood: 'likely',
    })
    await db.pool.query('ALTER TABLE lessons DROP CONSTRAINT no_school')
  })
})

describe('(g) overlapping ranges', () => {
  test('are certain where an exclusion constraint refuses another range', async () => {
    await db.pool.query(
      `CREATE TABLE bookings (id int PRIMARY KEY, room int, during tsrange,
         EXCLUDE USING gist (int4range(room, room, '[]') WITH =, during WITH &&))`,
    )
    const booking = (id: number, during: string) => ({ id, room: 1, during })
    await insertRaw(db.pool, [booking(1, '[2025-09-03 10:20,2025-09-03 10:50)')], 'bookings')
    const other = booking(2, '[2025-09-03 10:20,2025-09-03 11:20)')
    const error = await errorOf(insertRaw(db.pool, [other], 'bookings'))
    const told = await db.once.explain(error)
    expect(told).toMatchObject({
      existingId: { id: '1' },
      attempted: { during: '["2025-09-03 10:20:00","2025-09-03 11:20:00")' },
      cause: 'overlapping_ranges',
      likelihood: 'certain',
    })
    const same = booking(3, '[2025-09-03 10:20,2025-09-03 10:50)')
    const again = await db.once.explain(await errorOf(insertRaw(db.pool, [same], 'bookings')))
    expect(again.cause).not.toBe('overlapping_ranges')
  })
})

test('the gate of a guard that is being enforced is explained as its index will be', async () => {
  await db.pool.query(
    `CREATE TABLE visits (id int PRIMARY KEY, day date, who int, created_at timestamptz);
     INSERT INTO visits VALUES (1, '2025-09-08', 7, '2025-09-01'),
       (2, '2025-09-08', 7, '2025-09-02'),
       (3, '2025-09-09', 7, '2025-09-03')`,
  )
  const visits = guard('visits', { table: 'visits', key: { day: date(), who: int() } })
  const database = openDatabase(db.pool)
  let refused: unknown
  await enforce(database, visits, {
    online: true,
    repair: async () => {
      const again = { id: 4, day: '2025-09-09', who: 7 }
      refused = await errorOf(insertRaw(db.pool, [again], 'visits'))
      const told = await db.once.explain(refused, { guards: [visits] })
      expect(told).toMatchObject({
        guard: 'visits',
        constraint: visits.index,
        attempted: { day: '2025-09-09', who: '7' },
        existingId: { id: '3' },
        cause: 'retry_of_done_work',
      })
      await db.pool.query('DELETE FROM visits WHERE id = 2')
    },
  })
  expect(refused).toBeDefined()
})

test('a look that takes too long is ended, and says so', async () => {
  await insertRaw(db.pool, [lesson('slow')])
  const error = await errorOf(insertRaw(db.pool, [lesson('slow')]))
  const holder = await db.pool.connect()
  await holder.query('BEGIN; LOCK TABLE lessons IN ACCESS EXCLUSIVE MODE')
  try {
    const told = db.once.explain(error, { guards, timeoutMs: 100 })
    await expect(told).rejects.toMatchObject({ code: 'TIMEOUT' })
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
})
