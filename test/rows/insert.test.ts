import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(LESSONS)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson RESTART IDENTITY'))

const key = (teacher: number) => ({ teacher, day: '2025-10-23', slot: '10:20' })

/** The teachers of the table's rows by id, so that a row given a wrong id shows. */
const teachersById = async () =>
  Object.fromEntries(
    (await opened.query('SELECT id, teacher, seats FROM lesson')).map((row) => [row.id, row]),
  )

describe('the verdicts of an array', () => {
  test('stand in input order, one for each row, whatever came of it', async () => {
    await opened.query("INSERT INTO lesson (teacher, day, slot) VALUES (1, '2025-10-23', '10:20')")
    const { totals, verdicts } = await opened.once.insert(lessons, [
      lesson(3),
      lesson(1),
      lesson(2, { seats: 0 }),
      lesson(3, { seats: 5 }),
      { ...lesson(4), day: 'tomorrow' },
      lesson(0),
    ])
    expect(verdicts).toEqual([
      { index: 0, verdict: 'created', key: key(3), row: { id: expect.any(Number), seats: 20 } },
      {
        index: 1,
        verdict: 'skipped',
        key: key(1),
        existing: { id: 1, seats: 20 },
        reason: 'exists',
      },
      {
        index: 2,
        verdict: 'failed',
        key: key(2),
        reason: expect.stringContaining('lesson_seats_positive'),
        sqlstate: '23514',
        constraint: 'lesson_seats_positive',
      },
      { index: 3, verdict: 'collided', key: key(3), firstIndex: 0 },
      {
        index: 4,
        verdict: 'invalid',
        key: { ...key(4), day: 'tomorrow' },
        reason: "day: it is not a date 'YYYY-MM-DD'",
      },
      { index: 5, verdict: 'created', key: key(0), row: { id: expect.any(Number), seats: 20 } },
    ])
    expect(totals).toEqual({
      rows: 6,
      created: 2,
      replaced: 0,
      allowed: 0,
      skipped: 1,
      collided: 1,
      invalid: 1,
      failed: 1,
      in_flight: 0,
      cancelled: 0,
    })
  })

  test('are the same over more rows than a chunk', async () => {
    await opened.query(`INSERT INTO lesson (teacher, day, slot)
      SELECT 3 * n, '2025-10-23', '10:20' FROM generate_series(0, 833) AS n`)
    const rows = Array.from({ length: 2500 }, (_, place) => lesson(place)).reverse()
    const input = [...rows, lesson(1), lesson(2)]
    const { totals, verdicts } = await opened.once.insert(lessons, input)
    expect(verdicts.map(({ index }) => index)).toEqual(input.map((_, index) => index))
    const stored = await teachersById()
    for (const { index, verdict, key, row, existing, firstIndex } of verdicts) {
      const teacher = input[index]?.teacher
      expect(key.teacher).toBe(teacher)
      const expected = index >= 2500 ? 'collided' : Number(teacher) % 3 ? 'created' : 'skipped'
      expect(verdict).toBe(expected)
      if (verdict === 'collided') expect(firstIndex).toBe(2499 - Number(teacher))
      else expect(stored[Number((row ?? existing)?.id)]?.teacher).toBe(teacher)
    }
    expect(totals).toMatchObject({ rows: 2502, created: 1666, skipped: 834, collided: 2 })
  })

  test('give each row outside `where` its own id', async () => {
    const input = Array.from({ length: 40 }, (_, place) =>
      lesson(place % 4, { cancelled: place % 5 !== 0, seats: place + 1 }),
    )
    const { totals, verdicts } = await opened.once.insert(lessons, input)
    const stored = await teachersById()
    for (const { index, verdict, row } of verdicts) {
      if (verdict === 'collided') continue
      expect(verdict).toBe('created')
      expect(row?.seats).toBe(index + 1)
      expect(stored[Number(row?.id)]).toMatchObject({ teacher: index % 4, seats: index + 1 })
    }
    expect(totals).toMatchObject({ rows: 40, created: 36, collided: 4 })
  })

  test('are none for an empty array', async () => {
    const { totals, verdicts } = await opened.once.insert(lessons, [])
    expect(verdicts).toEqual([])
    expect(totals).toMatchObject({ rows: 0, created: 0 })
  })

  test('judge again what was cancelled or deleted', async () => {
    const again = () => opened.once.insert(lessons, [lesson(1)])
    expect((await again()).verdicts[0]?.verdict).toBe('created')
    await opened.query('UPDATE lesson SET cancelled = true')
    expect((await again()).verdicts[0]?.verdict).toBe('created')
    await opened.query('DELETE FROM lesson WHERE NOT cancelled')
    expect((await again()).verdicts[0]?.verdict).toBe('created')
    expect((await again()).verdicts[0]?.verdict).toBe('skipped')
  })
})

describe('insertOne', () => {
  test('answers with all columns of the row made', async () => {
    const made = await opened.once.insertOne(lessons, lesson(7, { code: 'A' }))
    expect(made).toEqual({
      run: expect.any(String),
      verdict: 'created',
      key: key(7),
      row: { id: 1, ...key(7), code: 'A', seats: 20, cancelled: false },
    })
  })

  test('answers with all columns of the row that exists', async () => {
    await opened.once.insertOne(lessons, lesson(7, { code: 'A' }))
    const met = await opened.once.insertOne(lessons, lesson(7, { code: 'B' }))
    expect(met).toEqual({
      run: expect.any(String),
      verdict: 'skipped',
      reason: 'exists',
      key: key(7),
      existing: { id: 1, ...key(7), code: 'A', seats: 20, cancelled: false },
    })
  })

  test('answers `failed` with the constraint of a row that breaks another one', async () => {
    await opened.once.insertOne(lessons, lesson(7, { code: 'A' }))
    const failed = await opened.once.insertOne(lessons, lesson(8, { code: 'A' }))
    expect(failed).toMatchObject({
      verdict: 'failed',
      key: key(8),
      sqlstate: '23505',
      constraint: 'lesson_code_unique',
    })
  })
})

describe('the run', () => {
  test('has the totals of the verdicts, the policy, the reason and the actor', async () => {
    const input = [lesson(1), lesson(1), lesson(2, { seats: -1 }), lesson(3, { nonsense: 1 })]
    const { run } = await opened.once.insert(lessons, input, { reason: 'term', actor: 'cron' })
    const [stored] = await opened.query('SELECT * FROM onceover.run WHERE id = $1', [run])
    expect(stored).toMatchObject({
      guard: 'lessons',
      policy: 'skip',
      reason: 'term',
      actor: 'cron',
      created: '1',
      collided: '1',
      failed: '1',
      invalid: '1',
    })
  })
})
