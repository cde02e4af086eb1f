import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, int, onceover, sql, text } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`${LESSONS};
    CREATE TABLE pupil (id int PRIMARY KEY, lesson int NOT NULL);
    CREATE TABLE tag (name text PRIMARY KEY);
    CREATE TABLE setting (
      name text, place int DEFAULT 5, value text DEFAULT 'v', PRIMARY KEY (name));
    CREATE TABLE slot (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room text, state text DEFAULT 'ACTIVE',
      note text DEFAULT 'none', rank int DEFAULT 1);
    CREATE UNIQUE INDEX slot_once ON slot (room) NULLS NOT DISTINCT
      WHERE state IN ('ACTIVE', 'WAITING')`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson, pupil, tag, setting, slot RESTART IDENTITY'))

const replace = { onDuplicate: 'replace' } as const

const slots = guard('slots', {
  table: 'slot',
  key: { room: text({ nulls: 'equal' }) },
  where: "state IN ('ACTIVE', 'WAITING')",
  show: ['state', 'note', 'rank'],
})

describe('replace', () => {
  test('gives a row new values, and it keeps its id', async () => {
    await opened.once.insert(lessons, [lesson(1, { seats: 5 }), lesson(2)])
    const { verdicts, run } = await opened.once.insert(
      lessons,
      [lesson(3), lesson(1, { seats: 9 }), lesson(1, { seats: 10 })],
      replace,
    )
    expect(verdicts).toMatchObject([
      { verdict: 'created', row: { seats: 20 } },
      { verdict: 'replaced', row: { id: 1, seats: 9 }, existing: { id: 1, seats: 5 } },
      { verdict: 'collided', firstIndex: 1 },
    ])
    const events = await opened.once.events({ run: String(run), verdict: 'replaced' })
    expect(events).toMatchObject([{ keys: [{ teacher: 1 }], existing: [{ id: 1 }] }])
  })

  test('leaves alone what a row leaves out, whatever the other rows give', async () => {
    const rooms = ['a', 'b', null]
    await opened.once.insert(
      slots,
      rooms.map((room) => ({ room, state: 'WAITING', note: 'old', rank: 7 })),
    )
    const input = [
      { room: 'a', note: 'new' },
      { room: 'b', rank: 8 },
      { room: null, state: 'ACTIVE' },
      { room: 'c' },
    ]
    const { verdicts } = await opened.once.insert(slots, input, replace)
    expect(verdicts).toMatchObject([
      { verdict: 'replaced', row: { state: 'WAITING', note: 'new', rank: 7 } },
      { verdict: 'replaced', row: { state: 'WAITING', note: 'old', rank: 8 } },
      { verdict: 'replaced', row: { state: 'ACTIVE', note: 'old', rank: 7 } },
      { verdict: 'created', row: { state: 'ACTIVE', note: 'none', rank: 1 } },
    ])
  })

  test('leaves alone what `where` reads and a single row leaves out', async () => {
    await opened.once.insert(slots, [{ room: 'a', state: 'WAITING' }])
    const { verdict, row } = await opened.once.insertOne(slots, { room: 'a', rank: 2 }, replace)
    expect([verdict, row?.state, row?.rank]).toEqual(['replaced', 'WAITING', 2])
  })

  test('leaves alone what must not be NULL and has no default', async () => {
    await opened.query(`CREATE TABLE owned (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, owner text NOT NULL,
      size int NOT NULL CHECK (size > 0), note text)`)
    const owned = guard('owned', {
      table: 'owned',
      key: { name: text() },
      show: ['owner', 'size', 'note'],
    })
    await opened.once.insert(owned, [
      { name: 'a', owner: 'x', size: 1 },
      { name: 'b', owner: 'y', size: 2 },
    ])
    const input = [
      { name: 'a', note: 'new' },
      { name: 'b', owner: 'z' },
      { name: 'c', owner: 'q' },
    ]
    for (const rows of [input, input.slice(0, 1)]) {
      const { verdicts } = await opened.once.insert(owned, rows, replace)
      expect(verdicts).toMatchObject(
        [
          { verdict: 'replaced', row: { owner: 'x', size: 1, note: 'new' } },
          { verdict: 'replaced', row: { owner: 'z', size: 2, note: null } },
          { verdict: 'failed', sqlstate: '23502' },
        ].slice(0, rows.length),
      )
    }
    const select = sql`SELECT 'b' AS name, 'by select' AS note`
    expect((await opened.once.insert(owned, select, replace)).totals.replaced).toBe(1)
  })

  test('makes beside the row that stands one that is outside `where`', async () => {
    await opened.once.insert(slots, [{ room: 'a' }])
    const closed = { room: 'a', state: 'CLOSED' }
    const { verdicts } = await opened.once.insert(slots, [closed, { room: 'a', rank: 3 }], replace)
    expect(verdicts).toMatchObject([
      { verdict: 'created', row: { id: 2, state: 'CLOSED' } },
      { verdict: 'replaced', row: { id: 1, rank: 3 } },
    ])
  })

  test('may take a row whose columns are all its key', async () => {
    const tags = guard('tags', { table: 'tag', key: { name: text() } })
    const input = [{ name: 'a' }, { name: 'b' }]
    expect((await opened.once.insert(tags, input, replace)).totals.created).toBe(2)
    expect((await opened.once.insert(tags, input, replace)).totals.replaced).toBe(2)
    expect(await opened.query('SELECT name FROM tag ORDER BY name')).toEqual(input)
  })

  test('may take a key that is the primary key, beside other columns', async () => {
    const settings = guard('settings', { table: 'setting', key: { name: text() }, show: ['value'] })
    await opened.once.insert(settings, [{ name: 'a', place: 1, value: 'x' }])
    const { verdicts } = await opened.once.insert(settings, [{ name: 'a', value: 'y' }], replace)
    expect(verdicts).toMatchObject([{ verdict: 'replaced', row: { name: 'a', value: 'y' } }])
    expect(await opened.query('SELECT * FROM setting')).toEqual([
      { name: 'a', place: 1, value: 'y' },
    ])
  })

  test('never moves a row to the id that the input gives', async () => {
    const keyed = guard('keyed', { table: 'tagged', key: { code: text() } })
    await opened.query('CREATE TABLE tagged (id int PRIMARY KEY, code text UNIQUE, n int)')
    await opened.once.insert(keyed, [{ id: 1, code: 'a', n: 1 }])
    const { verdicts } = await opened.once.insert(keyed, [{ id: 2, code: 'a', n: 2 }], replace)
    expect(verdicts).toMatchObject([{ verdict: 'replaced', row: { id: 1 } }])
    expect(await opened.query('SELECT * FROM tagged')).toEqual([{ id: 1, code: 'a', n: 2 }])
  })

  test('fails a row that breaks another constraint, and the others stand', async () => {
    await opened.once.insert(lessons, [lesson(1, { code: 'A' }), lesson(2, { code: 'B' })])
    const { verdicts } = await opened.once.insert(
      lessons,
      [lesson(1, { code: 'B' }), lesson(2, { seats: 3 }), lesson(3)],
      replace,
    )
    expect(verdicts).toMatchObject([
      { verdict: 'failed', constraint: 'lesson_code_unique', key: { teacher: 1 } },
      { verdict: 'replaced', row: { seats: 3 } },
      { verdict: 'created' },
    ])
    expect(await opened.query('SELECT code FROM lesson ORDER BY id LIMIT 2')).toEqual([
      { code: 'A' },
      { code: 'B' },
    ])
  })
})

describe('replacing rows that have children', () => {
  const parents = guard('parents', {
    table: 'lesson',
    key: { teacher: int(), day: lessons.key.day, slot: text() },
    where: 'NOT cancelled',
    children: [{ table: 'pupil', columns: ['lesson'] }],
  })

  test('needs the transaction in which they are swapped', async () => {
    const call = opened.once.insert(parents, [lesson(1)], replace)
    await expect(call).rejects.toMatchObject({ code: 'REPLACE_NEEDS_TRANSACTION' })
    expect(await opened.query('SELECT FROM lesson')).toEqual([])
    await opened.once.transaction(async (handle) => {
      const { verdicts } = await opened.once.insert(parents, [lesson(1)], { ...replace, handle })
      await handle.query('INSERT INTO pupil VALUES (1, $1)', [verdicts[0]?.row?.id])
    })
    expect(await opened.query('SELECT lesson FROM pupil')).toEqual([{ lesson: 1 }])
  })
})

test('replacing at once leaves one row and says `created` once', async () => {
  const once = await onceover({ db: opened.db.url })
  const input = Array.from({ length: 50 }, (_, place) => lesson(place))
  const calls = await Promise.all(
    Array.from({ length: 8 }, (_, seats) =>
      once.insert(
        lessons,
        input.map((row) => ({ ...row, seats: seats + 1 })).sort(() => Math.random() - 0.5),
        replace,
      ),
    ),
  )
  await once.close()
  const verdicts = calls.flatMap((call) => call.verdicts)
  expect(verdicts.filter(({ verdict }) => verdict === 'created')).toHaveLength(50)
  const replaced = verdicts.filter(({ verdict }) => verdict === 'replaced')
  expect(replaced).toHaveLength(350)
  for (const { row, existing } of replaced) expect(existing?.id).toBe(row?.id)
  const [{ rows, last } = {}] = await opened.query(
    'SELECT count(*)::int AS rows, count(DISTINCT seats)::int AS last FROM lesson',
  )
  expect([rows, last]).toEqual([50, 1])
})
