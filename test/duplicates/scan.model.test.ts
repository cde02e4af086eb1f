import fc from 'fast-check'
import {
  type Guard,
  guard,
  int,
  type Nulls,
  type Onceover,
  onceover,
  oneOf,
  type ScanReport,
  text,
} from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query('CREATE TABLE modelled (id int PRIMARY KEY, a int, b text, s text, n int)')
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

interface Row {
  readonly id: number
  readonly a: number | null
  readonly b: string | null
  readonly s: string | null
  readonly n: number | null
}

interface Declared {
  readonly nulls: Nulls
  readonly other: 'same' | 'reject'
  readonly trim: boolean
  readonly fold: boolean
  readonly bound: boolean
  readonly descending: boolean
}

const rowsArbitrary: fc.Arbitrary<readonly Row[]> = fc
  .array(
    fc.record({
      a: fc.option(fc.integer({ min: 0, max: 2 })),
      b: fc.option(fc.constantFrom('x', 'X', ' x', 'y', 'é', 'e\u0301', 'É\u00A0', '')),
      s: fc.option(fc.constantFrom('ON', 'OFF', 'lost')),
      n: fc.option(fc.integer({ min: 0, max: 3 })),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((rows) => rows.map((row, at) => ({ id: at + 1, ...row })))

const declaredArbitrary: fc.Arbitrary<Declared> = fc.record({
  nulls: fc.constantFrom<Nulls>('reject', 'equal', 'distinct'),
  other: fc.constantFrom('same', 'reject'),
  trim: fc.boolean(),
  fold: fc.boolean(),
  bound: fc.boolean(),
  descending: fc.boolean(),
})

const guardOf = ({ nulls, other, trim, fold, bound, descending }: Declared): Guard =>
  guard('modelled', {
    table: 'modelled',
    key: {
      a: int({ nulls: other === 'same' ? nulls : other }),
      b: text({ nulls, trim, fold, forbid: ['Y'] }),
      s: oneOf('ON', 'OFF'),
    },
    keep: [descending ? 'n desc nulls last' : 'n asc nulls first'],
    unfinished: 'n = 0',
    ...(bound && { where: 'n <> 3' }),
  })

const folded = (text: string, trim: boolean, fold: boolean): string => {
  const bare = trim ? text.trim() : text
  return fold ? bare.normalize('NFC').toLowerCase() : bare
}

const grouped = <T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] => [
  ...items
    .reduce((groups, item) => {
      const key = JSON.stringify(keyOf(item))
      return groups.set(key, [...(groups.get(key) ?? []), item])
    }, new Map<string, T[]>())
    .values(),
]

const repetition = (groups: readonly (readonly unknown[])[]) => {
  const repeated = groups.filter(({ length }) => length > 1)
  return {
    groups: repeated.length,
    excess: repeated.reduce((sum, { length }) => sum + length - 1, 0),
  }
}

type Key = readonly [a: number | null, b: string | null, s: string | null]

/** The same figures, computed row by row in JavaScript. */
function modelOf(all: readonly Row[], { nulls, trim, fold, bound, descending }: Declared) {
  const rows = bound ? all.filter(({ n }) => n !== null && n !== 3) : all
  const keyOf = ({ a, b, s }: Row): Key => [a, b === null ? null : folded(b, trim, fold), s]
  const looseOf = ({ a, b, s }: Row) => [a, b === null ? null : folded(b, true, true), s]
  const holed = (row: Row) => keyOf(row).includes(null)
  const groups = grouped(rows, keyOf)
  const whole = groups.filter(([row]) => row && !holed(row))
  const declared = nulls === 'equal' ? groups : whole
  const spellings = grouped(
    whole.flatMap(([row]) => row ?? []),
    looseOf,
  )
  const rank = ({ n }: Row) => (descending ? -(n ?? -1) : (n ?? -1))
  const largest = declared
    .filter(({ length }) => length > 1)
    .map((members) => {
      const ids = members.toSorted((l, r) => rank(l) - rank(r) || l.id - r.id).map(({ id }) => id)
      return { rows: members.length, key: keyOf(members[0] as Row), ids: ids.slice(0, 6) }
    })
  return {
    rows: rows.length,
    unfinished: rows.filter(({ n }) => n === 0).length,
    declared: repetition(declared),
    equal: repetition(groups),
    distinct: repetition(whole),
    hidden: repetition(spellings),
    nulls: [0, 1, 2].map((at) => rows.filter((row) => keyOf(row)[at] === null).length),
    forbidden: rows.filter((row) => keyOf(row)[1] === folded('Y', trim, fold)).length,
    unlisted: rows.filter(({ s }) => s === 'lost').length,
    nonCanonical: rows.filter(({ b }) => b && folded(b, trim, fold) !== folded(b, true, true))
      .length,
    largest,
  }
}

const figuresOf = ({ rows, unfinished, duplicates, nulls, hidden, parts }: ScanReport) => ({
  rows,
  unfinished,
  declared: { groups: duplicates.groups, excess: duplicates.excess },
  equal: nulls.equal,
  distinct: nulls.distinct,
  hidden,
  nulls: parts.map((part) => part.nulls),
  forbidden: parts[1]?.forbidden[0]?.rows ?? 0,
  unlisted: parts[2]?.unlisted,
  nonCanonical: parts[1]?.nonCanonical,
})

const RUNS = 150

test('every figure of a small random table is what a naive count in JavaScript gives', async () => {
  await fc.assert(
    fc.asyncProperty(rowsArbitrary, declaredArbitrary, async (rows, declared) => {
      await db.pool.query('TRUNCATE modelled')
      await db.pool.query(
        'INSERT INTO modelled SELECT * FROM json_populate_recordset(NULL::modelled, $1)',
        [JSON.stringify(rows)],
      )
      const [report] = await once.scan(guardOf(declared))
      if (!report) throw new Error('nothing was reported')
      const { largest, ...figures } = modelOf(rows, declared)
      expect(figuresOf(report)).toEqual(figures)
      const listed = report.duplicates.largest.map(({ key, rows: size, keeper, losers }) => ({
        rows: size,
        key: [key.a, key.b, key.s],
        ids: [keeper, ...losers].map(({ id }) => Number(id)),
      }))
      expect(listed).toHaveLength(Math.min(10, largest.length))
      for (const group of listed) expect(largest).toContainEqual(group)
      const sizes = largest.map((group) => group.rows).toSorted((left, right) => right - left)
      expect(listed.map((group) => group.rows)).toEqual(sizes.slice(0, 10))
    }),
    { numRuns: RUNS },
  )
})
