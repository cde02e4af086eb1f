import { EventEmitter, once } from 'node:events'
import { date, generator, guard, int, text } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  errorOf,
  insertRaw,
  type LessonsDatabase,
  lesson,
  lessons,
  lessonsDatabase,
} from './lessons.ts'

let db: LessonsDatabase
beforeAll(async () => {
  db = await lessonsDatabase()
})
afterAll(() => db.close())

const guards = [lessons]

describe('a verdict', () => {
  test('that collided is a key twice in the input', async () => {
    const { verdicts } = await db.once.insert(lessons, [lesson('a'), lesson('b'), lesson('a')])
    expect(await db.once.explain(verdicts[2], { guards })).toMatchObject({
      guard: 'lessons',
      attempted: lesson('a'),
      cause: 'repeated_in_input',
      likelihood: 'certain',
      evidence: ['The key stands in rows 0 and 2 of the same input.'],
    })
  })

  test('that was skipped names the row, its maker and when it was made', async () => {
    const { run } = await db.once.insert(lessons, [lesson('c')], { actor: 'ana' })
    const { verdicts } = await db.once.insert(lessons, [lesson('c')])
    const told = await db.once.explain(verdicts[0], { guards, foreseen: 'skipped' })
    expect(told).toMatchObject({
      existingId: { id: String(verdicts[0]?.existing?.id) },
      madeBy: { run, actor: 'ana' },
      cause: 'retry_of_done_work',
      likelihood: 'certain',
    })
    expect(await db.once.explain(verdicts[0], { guards, foreseen: 'created' })).toMatchObject({
      cause: 'lost_race',
      likelihood: 'certain',
    })
  })

  test('that is invalid for a forbidden value is a fallback', async () => {
    const { verdicts } = await db.once.insert(lessons, [lesson('structured')])
    expect(await db.once.explain(verdicts[0], { guards })).toMatchObject({
      cause: 'fallback_value',
      likelihood: 'certain',
    })
  })

  test('that is invalid for another reason is no duplicate', async () => {
    const { verdicts } = await db.once.insert(lessons, [lesson('d', { day: '2025-02-30' })])
    await expect(db.once.explain(verdicts[0], { guards })).rejects.toMatchObject({
      code: 'NOT_A_DUPLICATE',
    })
  })

  test('that failed at a narrower constraint names it', async () => {
    await db.pool.query('ALTER TABLE lessons ADD CONSTRAINT no_school UNIQUE (teacher, day, slot)')
    await db.once.insert(lessons, [lesson('e')])
    const { verdicts } = await db.once.insert(lessons, [lesson('e', { school: 8 })])
    await db.pool.query('ALTER TABLE lessons DROP CONSTRAINT no_school')
    expect(verdicts[0]).toMatchObject({ verdict: 'failed', constraint: 'no_school' })
    await expect(db.once.explain(verdicts[0], { guards })).rejects.toMatchObject({
      code: 'CONSTRAINT_NOT_FOUND',
    })
    await db.pool.query('ALTER TABLE lessons ADD CONSTRAINT no_school UNIQUE (teacher, day, slot)')
    expect(await db.once.explain(verdicts[0], { guards })).toMatchObject({
      constraint: 'no_school',
      cause: 'narrower_constraint',
      likelihood: 'certain',
    })
    await db.pool.query('ALTER TABLE lessons DROP CONSTRAINT no_school')
  })

  test('of a unit that another run is making is a race', async () => {
    const key = lesson('f')
    const gate = new EventEmitter()
    const held = once(gate, 'held')
    const making = generator(lessons, {
      make: async () => {
        gate.emit('held')
        await once(gate, 'release')
      },
      save: (tx, { unit }) => insertRaw(tx as never, [unit.key]),
    })
    const first = db.once.run(making, [{ key }], { actor: 'ana' })
    await held
    const verdict = await db.once.runOne(making, { key })
    const told = await db.once.explain(verdict, { guards })
    gate.emit('release')
    const { run } = await first
    expect(verdict.verdict).toBe('in_flight')
    expect(told).toMatchObject({ cause: 'lost_race', likelihood: 'likely' })
    expect(told.evidence.join(' ')).toContain(`Run ${run} has claimed the key`)
  })

  test('that was created is no duplicate', async () => {
    const { verdicts } = await db.once.insert(lessons, [lesson('g')])
    await expect(db.once.explain(verdicts[0], { guards })).rejects.toMatchObject({
      code: 'NOT_A_DUPLICATE',
    })
  })

  test('that was created overlaps another, under a guard that declares its range', async () => {
    await db.pool.query('CREATE TABLE shifts (id int PRIMARY KEY, who int, day date, span text)')
    await db.pool.query('CREATE UNIQUE INDEX ON shifts (who, day, span)')
    const shifts = guard('shifts', {
      table: 'shifts',
      key: { who: int(), day: date(), span: text() },
      overlap: "int4range(split_part(span, '-', 1)::int, split_part(span, '-', 2)::int)",
    })
    const shift = (id: number, span: string, who = 1) => ({ id, who, day: '2025-09-08', span })
    await db.once.insert(shifts, [shift(1, '8-10'), shift(2, '10-12'), shift(3, '11-14', 2)])
    const { verdicts } = await db.once.insert(shifts, [shift(4, '9-10'), shift(5, '12-13')])
    expect(await db.once.explain(verdicts[0], { guards: [shifts] })).toMatchObject({
      existingId: { id: '1' },
      cause: 'overlapping_ranges',
      likelihood: 'certain',
    })
    await expect(db.once.explain(verdicts[1], { guards: [shifts] })).rejects.toMatchObject({
      code: 'NOT_A_DUPLICATE',
    })
  })

  test('needs its guard among those passed', async () => {
    const { verdicts } = await db.once.insert(lessons, [lesson('h')])
    await expect(db.once.explain(verdicts[0])).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})

test('the error of a rejected input is explained by its first duplicate', async () => {
  await insertRaw(db.pool, [lesson('i', { created_at: '2025-09-01T08:00:00Z' })])
  const rows = [lesson('j'), lesson('i')]
  const error = await errorOf(db.once.insert(lessons, rows, { onDuplicate: 'reject' }))
  expect(await db.once.explain(error, { guards })).toMatchObject({
    attempted: { slot: 'i' },
    cause: 'retry_of_done_work',
  })
})
