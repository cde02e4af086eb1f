import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  expression,
  generator,
  guard,
  int,
  type Onceover,
  onceover,
  sql,
  type Transaction,
  text,
} from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const letters = guard('letters', {
  table: 'letters',
  key: {
    name: text({ trim: true, fold: true }),
    n: int({ nulls: 'equal' }),
    host: expression('lower(mail)'),
  },
})

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(`CREATE TABLE letters (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text, n bigint, mail text)`)
  await once.enforce(letters)
})
afterAll(async () => {
  await once.close()
  await db.drop()
})
beforeEach(() => db.pool.query('TRUNCATE letters, onceover.claim'))

const failing = new Set<unknown>()
const made: unknown[] = []

const save = (tx: Transaction, { unit }: Item) => {
  if (failing.has(unit.key.n)) throw new Error('not today')
  made.push(unit.input)
  return tx.query('INSERT INTO letters (name, n, mail) VALUES ($1, $2, $3)', [
    unit.key.name,
    unit.key.n,
    (unit.key as { mail?: string }).mail,
  ])
}

interface Item {
  readonly unit: { readonly key: { readonly name: string; readonly n: unknown }; input?: unknown }
}

const byQuery = generator(letters, {
  expected: ({ upTo }: { upTo: number }) => sql`
    SELECT ' Ana' AS name, nullif(n, 0) AS n, 'A@x.org' AS mail, n AS extra
    FROM generate_series(0, ${upTo}::int8) AS n`,
  save: (tx, item) => save(tx, item as Item),
  attempts: 1,
})

const byList = generator(letters, {
  expected: ({ upTo }: { upTo: number }) =>
    Array.from({ length: upTo + 1 }, (_, n) => ({
      key: { name: 'ANA ', n: n || null, mail: 'a@X.org' },
      input: { extra: n },
    })),
  save: (tx, item) => save(tx, item as Item),
  attempts: 1,
})

const key = (n: number | null) => ({ name: 'ana', n, host: 'a@x.org' })
const numbers = async () => {
  const { rows } = await db.pool.query<{ n: string | null }>('SELECT n FROM letters ORDER BY n')
  return rows.map(({ n }) => n)
}

describe.each([
  ['a query', byQuery],
  ['a list', byList],
] as const)('of %s', (_, each) => {
  test('only the keys that were asked for are made, whatever else is expected', async () => {
    made.length = 0
    const only = [key(2), key(null), key(2), key(77)]
    const { totals } = await once.preview(each, { upTo: 5 }, { only })
    expect(totals).toMatchObject({ created: 2 })
    const result = await once.run(each, { upTo: 5 }, { only })
    expect(result.totals).toMatchObject({ created: 2, skipped: 0 })
    expect(await numbers()).toEqual(['2', null])
    expect(made.map((input) => Number((input as { extra: unknown }).extra)).sort()).toEqual([0, 2])
  })

  test('nothing is made for no keys', async () => {
    const { totals } = await once.run(each, { upTo: 5 }, { only: [] })
    expect(totals).toMatchObject({ created: 0 })
  })

  test('a run that is gone on with does not widen', async () => {
    const stop = new AbortController()
    const stopping = generator(letters, {
      ...(each.options as typeof byQuery.options),
      make: () => stop.abort(),
    })
    const only = [1, 2, 3, 4].map(key)
    const options = { only, concurrency: 1, signal: stop.signal }
    const { run, state } = await once.run(stopping, { upTo: 9 }, options)
    expect(state).toBe('stopped')
    const resumed = await once.resume(each as typeof byQuery, run)
    expect(resumed.state).toBe('done')
    expect(await numbers()).toEqual(['1', '2', '3', '4'])
  })

  test('a retry tries only these again, and makes only these of a range', async () => {
    for (const n of [1, 2]) failing.add(n).add(String(n))
    await once.run(each, { upTo: 9 }, { only: [1, 2].map(key) })
    failing.clear()
    const { totals } = await once.retry(each, { range: { upTo: 9 }, only: [key(2), key(5)] })
    expect(totals).toMatchObject({ created: 2 })
    expect(await numbers()).toEqual(['2', '5'])
  })
})

describe('is refused', () => {
  test('where the source is no range, or the run has its own', async () => {
    const units = [{ key: { name: 'ana', n: 1, mail: 'a@x.org' } }] as never
    const refused = { code: 'INPUT_INVALID', message: expect.stringContaining('range') }
    await expect(once.run(byList, units, { only: [key(1)] })).rejects.toMatchObject(refused)
    await expect(once.preview(byList, units, { only: [key(1)] })).rejects.toMatchObject(refused)
    await expect(once.resume(byList, 'x', { only: [key(1)] })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    })
  })

  test.each([
    [{ name: 'ana', n: 1 }, 'host: it is missing'],
    [{ ...key(1), mail: 'x' }, 'has mail, which is no part'],
    [{ ...key(1), n: 'one' }, 'n: it is not a safe integer'],
    [7, 'is not an object'],
  ])('for %j, before a run is opened', async (wrong, words) => {
    const before = await once.runs({ limit: 1 })
    await expect(once.run(byQuery, { upTo: 1 }, { only: [wrong as never] })).rejects.toThrow(words)
    expect(await once.runs({ limit: 1 })).toEqual(before)
  })
})

test('10,000 keys of 100,000 are chosen without a loop over both', async () => {
  const only = Array.from({ length: 10_000 }, (_, n) => key(n * 10 + 1))
  const all = generator(letters, {
    ...byQuery.options,
    saveAll: () => {},
    save: undefined,
  } as never)
  const { totals } = await once.preview(all as typeof byQuery, { upTo: 99_999 }, { only })
  expect(totals).toMatchObject({ created: 10_000 })
})

test('a schema that is a migration behind does for runs that choose no keys', async () => {
  await db.pool.query('ALTER TABLE onceover.run DROP COLUMN only_keys')
  const stop = AbortSignal.abort()
  const { run, state } = await once.run(byQuery, { upTo: 1 }, { signal: stop })
  expect(state).toBe('stopped')
  expect(await once.resume(byQuery, run)).toMatchObject({ state: 'done', totals: { created: 2 } })
  const choosing = once.run(byQuery, { upTo: 1 }, { only: [key(1)] })
  await expect(choosing).rejects.toMatchObject({ code: 'NOT_MIGRATED' })
})
