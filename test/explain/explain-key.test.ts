import { date, guard, int } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LessonsDatabase, lessonsDatabase } from './lessons.ts'

const TABLES = `
  CREATE TABLE visits (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date, room int, rank int, note text,
    copy int NOT NULL DEFAULT 0, gone boolean NOT NULL DEFAULT false);
  INSERT INTO visits (day, room, rank, note)
    SELECT '2025-10-01', 1, rank, 'n' || rank FROM generate_series(1, 9) AS rank;
  INSERT INTO visits (day, room, gone) VALUES ('2025-10-01', 2, true), ('2025-10-01', 2, false);
  INSERT INTO visits (day, room, rank, copy) VALUES
    ('2025-10-01', 3, 1, 1), ('2025-10-01', 3, 2, 0), ('2025-10-01', 3, 3, 1);
  INSERT INTO visits (day) VALUES ('2025-10-01'), ('2025-10-01')`

const OPTIONS = {
  table: 'visits',
  key: { day: date(), room: int({ nulls: 'equal' }) },
  where: 'NOT gone',
  keep: ['rank DESC'],
  show: ['note'],
} as const
const visits = guard('visits', OPTIONS)
const copied = guard('copied', { ...OPTIONS, copies: 'copy' })

let db: LessonsDatabase
beforeAll(async () => {
  db = await lessonsDatabase(TABLES)
})
afterAll(() => db.close())

const key = (room: number | null) => ({ day: '2025-10-01', room })

test('of several rows the keeper is shown, and the others are named as duplicates', async () => {
  expect(await db.once.explainKey(visits, key(1))).toMatchObject({
    existingId: { id: '9' },
    existing: { id: '9', note: 'n9' },
    duplicates: {
      rows: 9,
      excess: 8,
      others: [{ id: '8' }, { id: '7' }, { id: '6' }, { id: '5' }, { id: '4' }],
      fix: 'onceover repair visits --plan FILE',
    },
  })
})

test('rows whose key is NULL are duplicates where the guard takes NULLs for equal', async () => {
  expect(await db.once.explainKey(visits, key(null))).toMatchObject({
    existingId: { id: '15' },
    duplicates: { rows: 2, excess: 1, others: [{ id: '16' }] },
  })
})

test('one row stands alone, whatever is outside `where`; none for a key that is free', async () => {
  const told = await db.once.explainKey(visits, key(2))
  expect(told.existingId).toEqual({ id: '11' })
  expect(told.duplicates).toBeUndefined()
  const free = await db.once.explainKey(visits, key(99))
  expect([free.existing, free.duplicates]).toEqual([undefined, undefined])
})

test('copies were allowed: only rows of the same copy are too many', async () => {
  expect(await db.once.explainKey(copied, key(3))).toMatchObject({
    existingId: { id: '13' },
    duplicates: { rows: 3, excess: 1, others: [{ id: '12' }] },
  })
})
