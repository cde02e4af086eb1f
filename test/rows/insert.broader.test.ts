import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expression, guard, int, text } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE EXTENSION IF NOT EXISTS citext;
    CREATE TABLE seat (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, state text, note text DEFAULT 'none');
    CREATE UNIQUE INDEX seat_any ON seat (a) WHERE state <> 'GONE';
    CREATE TABLE part (
      id bigint GENERATED ALWAYS AS IDENTITY, a int, note text, PRIMARY KEY (id, a))
      PARTITION BY LIST (a);
    CREATE TABLE part_rest PARTITION OF part DEFAULT;
    CREATE UNIQUE INDEX part_once ON part (a);
    CREATE TABLE word (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      a citext, note text DEFAULT 'DEF', other text);
    CREATE UNIQUE INDEX word_once ON word (a);
    CREATE FUNCTION lower_a() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.a := lower(NEW.a::text); RETURN NEW; END $$;
    CREATE TRIGGER word_lower BEFORE INSERT ON word FOR EACH ROW EXECUTE FUNCTION lower_a();
    CREATE TABLE huge (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, big bigint);
    CREATE UNIQUE INDEX huge_once ON huge ((big + 0))`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE seat, part, word, huge RESTART IDENTITY'))

const replace = { onDuplicate: 'replace' } as const
const taken = guard('taken', {
  table: 'seat',
  key: { a: int() },
  where: "state = 'TAKEN'",
  show: ['state', 'note'],
})

describe('where the index binds rows outside the guard’s where', () => {
  test.each(['skip', 'replace'] as const)(
    '%s leaves them alone and names the index',
    async (policy) => {
      await opened.query(`INSERT INTO seat (a, state, note) VALUES (1, 'HELD', 'somebody else’s')`)
      const rows = [{ a: 1, state: 'TAKEN', note: 'mine' }]
      const { verdicts } = await opened.once.insert(taken, rows, { onDuplicate: policy })
      expect(verdicts).toMatchObject([{ verdict: 'failed', constraint: 'seat_any' }])
      expect(await opened.query('SELECT state, note FROM seat')).toEqual([
        { state: 'HELD', note: 'somebody else’s' },
      ])
    },
  )

  test('a row outside where never replaces one inside', async () => {
    await opened.query(`INSERT INTO seat (a, state, note) VALUES (1, 'TAKEN', 'first')`)
    const { totals } = await opened.once.insert(taken, [{ a: 1, state: 'HELD' }], replace)
    expect(totals).toMatchObject({ failed: 1, replaced: 0 })
    expect(await opened.query('SELECT state, note FROM seat')).toEqual([
      { state: 'TAKEN', note: 'first' },
    ])
  })

  test('a row inside where is replaced as ever', async () => {
    await opened.once.insert(taken, [{ a: 1, state: 'TAKEN', note: 'first' }])
    const rows = [{ a: 1, state: 'TAKEN', note: 'second' }]
    const { verdicts } = await opened.once.insert(taken, rows, replace)
    expect(verdicts).toMatchObject([{ verdict: 'replaced', row: { id: 1, note: 'second' } }])
  })
})

describe('replace', () => {
  test('works on a partitioned table whose id the database always makes', async () => {
    const parts = guard('parts', { table: 'part', key: { a: int() }, show: ['note'] })
    await opened.once.insert(parts, [{ a: 1, note: 'old' }])
    const { verdicts } = await opened.once.insert(
      parts,
      [
        { a: 1, note: 'new' },
        { a: 2, note: 'other' },
      ],
      replace,
    )
    expect(verdicts).toMatchObject([
      { verdict: 'replaced', row: { id: '1', note: 'new' } },
      { verdict: 'created' },
    ])
  })

  test('leaves alone what a row leaves out, also where a trigger respells its key', async () => {
    const words = guard('words', { table: 'word', key: { a: text() }, show: ['note'] })
    await opened.query(`INSERT INTO word (a, note) VALUES ('k1', 'keep'), ('k2', 'old')`)
    const rows = [
      { a: 'K1', other: 'x' },
      { a: 'K2', note: 'new' },
    ]
    await opened.once.insert(words, rows, replace)
    expect(await opened.query('SELECT a::text, note FROM word ORDER BY a')).toEqual([
      { a: 'k1', note: 'keep' },
      { a: 'k2', note: 'new' },
    ])
  })
})

test('an expression beyond 2^53 keeps its digits in the verdict and in the event', async () => {
  const huge = guard('huge', { table: 'huge', key: { sum: expression('big + 0') } })
  const { verdicts, run } = await opened.once.insert(huge, [{ big: 9007199254740993n }])
  expect(verdicts[0]?.key).toEqual({ sum: '9007199254740993' })
  const [event] = await opened.once.events({ run: run ?? '' })
  expect(event?.keys).toEqual([{ sum: '9007199254740993' }])
})
