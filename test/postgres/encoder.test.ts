import fc from 'fast-check'
import {
  column,
  guard,
  int,
  type KeyPart,
  type Onceover,
  onceover,
  type RowOf,
  set,
  text,
  timestamp,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

interface Domain {
  readonly name: string
  readonly type: string
  readonly part: KeyPart
  readonly values: fc.Arbitrary<unknown>
  /** What PostgreSQL compares, written for this test alone, over the text `x` of a value. */
  readonly canonical: string
}

const LETTERS = [...'aAbvéÉΑΣσςßkK\u212Aİiı'.normalize('NFC'), 'e\u0301', 'ﬁ', '\u200B', '𝒳']
const SPACES = [' ', '\t', '\n', '\u00A0', '\u3000', '\uFEFF']
const words = fc
  .array(fc.constantFrom(...LETTERS, ...SPACES), { maxLength: 2 })
  .map((letters) => letters.join(''))
const SPACE = `
  E' \\t\\n\\r\\f\\x0B\\u0085\\u00A0\\u1680\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006' ||
  E'\\u2007\\u2008\\u2009\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF'`

const items = fc.constantFrom<string | number | boolean>(0, 1, 1.5, '1', 'a', 'A', '', true, 'true')
const json = fc.letrec((tie) => ({
  value: fc.oneof(items, fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 2 }),
  object: fc.dictionary(fc.constantFrom('a', 'b', ''), tie('value'), { maxKeys: 2 }),
})).object

const sortedItems =
  '(SELECT jsonb_agg(DISTINCT i ORDER BY i) FROM jsonb_array_elements(x::jsonb) i)'

const instants = fc
  .tuple(
    fc.constantFrom('2025-10-26T', '2025-03-30 '),
    fc.constantFrom('00:30:00', '01:30:00', '02:30:00.000001', '02:30'),
    fc.constantFrom('Z', '+01:00', '+02', '-0100'),
  )
  .map((pieces) => pieces.join(''))

const DOMAINS: readonly Domain[] = [
  { name: 'text', type: 'text', part: text(), values: words, canonical: 'x' },
  {
    name: 'trimmed text',
    type: 'text',
    part: text({ trim: true }),
    values: words,
    canonical: `btrim(x, ${SPACE})`,
  },
  {
    name: 'folded text',
    type: 'text',
    part: text({ fold: true }),
    values: words,
    canonical: 'lower(normalize(x, NFC))',
  },
  {
    name: 'trimmed and folded text',
    type: 'text',
    part: text({ trim: true, fold: true }),
    values: words,
    canonical: `lower(normalize(btrim(x, ${SPACE}), NFC))`,
  },
  { name: 'char(4)', type: 'char(4)', part: text(), values: words, canonical: 'x::char(4)' },
  {
    name: 'bigint',
    type: 'bigint',
    part: int(),
    values: fc.oneof(fc.bigInt(2n ** 53n - 2n, 2n ** 53n + 2n), fc.integer({ min: -1, max: 1 })),
    canonical: 'x::bigint',
  },
  {
    name: 'numeric',
    type: 'numeric',
    part: column(),
    values: fc.constantFrom('1', '1.0', '1e0', '10', '1e1', '-0', '0', '0.1', '0.10', 'NaN'),
    canonical: 'x::numeric',
  },
  {
    name: 'float8',
    type: 'float8',
    part: column(),
    values: fc.constantFrom('1', '1.0', '0.1', '0.10', '-0', '0', 'NaN', 'Infinity', '-inf'),
    canonical: 'x::float8',
  },
  {
    name: 'timestamptz',
    type: 'timestamptz',
    part: timestamp(),
    values: instants,
    canonical: 'x::timestamptz',
  },
  { name: 'jsonb', type: 'jsonb', part: column(), values: json, canonical: 'x::jsonb' },
  {
    name: 'jsonb as a set',
    type: 'jsonb',
    part: set(),
    values: fc.array(items, { minLength: 1, maxLength: 3 }),
    canonical: sortedItems,
  },
]

const asText = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)

const PAIRS = 300
const RUNS = 5

describe('two keys are one exactly where PostgreSQL finds their canonical values equal', () => {
  test.each(DOMAINS.map((domain) => [domain.name, domain] as const))('%s', async (name, domain) => {
    const table = `pairs_of_${name.replaceAll(/\W/g, '_')}`
    await db.pool.query(
      `CREATE TABLE ${table} (id bigserial PRIMARY KEY, pair int, v ${domain.type})`,
    )
    const pairs = guard(table, { table, key: { pair: int(), v: domain.part } })
    await once.enforce(pairs)
    const some = fc.array(fc.tuple(domain.values, domain.values), {
      minLength: PAIRS,
      maxLength: PAIRS,
    })
    const seen = { equal: 0, different: 0 }
    await fc.assert(
      fc.asyncProperty(fc.noShrink(some), async (given) => {
        await db.pool.query(`TRUNCATE ${table}`)
        const rows = given.flatMap((both, pair) =>
          both.map((v): RowOf<typeof pairs> => ({ pair, v })),
        )
        const { verdicts } = await once.insert(pairs, rows)
        const canonical = (side: string) => domain.canonical.replaceAll(/\bx\b/g, `p.${side}`)
        const { rows: expected } = await db.pool.query<{ same: boolean }>(
          `SELECT ${canonical('l')} = ${canonical('r')} AS same
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p(l, r, place) ORDER BY place`,
          [given.map(([left]) => asText(left)), given.map(([, right]) => asText(right))],
        )
        given.forEach(([left, right], pair) => {
          const same = expected[pair]?.same
          seen[same ? 'equal' : 'different']++
          const found = [verdicts[pair * 2]?.verdict, verdicts[pair * 2 + 1]?.verdict]
          expect([left, right, ...found]).toEqual([
            ...[left, right, 'created'],
            same ? 'collided' : 'created',
          ])
        })
        const again = await once.insert(pairs, rows)
        expect(again.totals).toMatchObject({ created: 0, invalid: 0, failed: 0 })
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(seen.equal, seen.different)).toBeGreaterThan(10)
  })
})

describe('a database that is not in Unicode', () => {
  test('folds and trims as far as it can', async () => {
    const name = `latin_${Date.now()}`
    await db.pool.query(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc`,
    )
    const url = new URL(db.url)
    url.pathname = `/${name}`
    const latin = await onceover({ db: url.href })
    try {
      await latin.transaction((handle) =>
        handle.query('CREATE TABLE t (id serial PRIMARY KEY, a text, b text)'),
      )
      const folded = guard('folded', {
        table: 't',
        key: { a: text({ trim: true, fold: true }), b: text() },
      })
      await latin.enforce(folded)
      const rows = ['A', ' a ', 'b'].map((a) => ({ a, b: 'x' }))
      const { totals } = await latin.insert(folded, rows)
      expect(totals).toMatchObject({ created: 2, collided: 1 })
      const [report] = await latin.scan(guard('plain', { table: 't', key: { a: text() } }))
      expect(report?.parts[0]?.nonCanonical).toBe(1)
    } finally {
      await latin.close()
      await db.pool.query(`DROP DATABASE ${name} WITH (FORCE)`)
    }
  })
})
