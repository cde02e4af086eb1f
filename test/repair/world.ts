import fc from 'fast-check'

const NULLS = ['reject', 'equal', 'distinct'] as const
const KINDS = ['int', 'text', 'date', 'uuid', 'numeric', 'expression'] as const
const DELETES = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL'] as const

const policies = fc.record({
  policy: fc.constantFrom('repoint' as const, 'repoint' as const, 'delete', 'refuse'),
  collision: fc.constantFrom('refuse' as const, 'drop', 'merge', 'merge'),
})

const place = fc.option(fc.nat(12), { freq: 8 })

/** What stands below a child: it says nothing in the guard. */
const grandchildren = fc.record({
  onDelete: fc.constantFrom(...DELETES),
  onUpdate: fc.constantFrom('NO ACTION', 'CASCADE', 'SET NULL'),
  /** Whether a row of the child has one row at most. */
  single: fc.boolean(),
  rows: fc.array(fc.record({ child: place, x: fc.nat(2) }), { maxLength: 10 }),
})

/** The unique keys that a child can have, over its foreign key `p` and its own columns. */
export const CHILD_KEYS = {
  alone: '(p)',
  both: '(p, x)',
  partial: '(p) WHERE b',
  expression: '(p, coalesce(x, 0))',
  nulls: '(p, x) NULLS NOT DISTINCT',
  pointing: '(x) WHERE p IS NOT NULL',
  second: '(q, x)',
} as const

const keyNames = Object.keys(CHILD_KEYS) as (keyof typeof CHILD_KEYS)[]

const children = fc.record({
  /** What it points to: the primary key, or a unique column that may be NULL. */
  target: fc.constantFrom('pk' as const, 'pk' as const, 'code' as const),
  /** False where only the guard says that its rows belong there. */
  foreignKey: fc.constantFrom(true, true, true, false),
  onDelete: fc.constantFrom(...DELETES),
  /** Whether its primary key has the columns of its foreign key. */
  dependent: fc.constantFrom(false, false, true),
  keys: fc.subarray(keyNames, { maxLength: 2 }),
  declared: fc.option(policies, { freq: 4 }),
  /** What the guard says of its second foreign key. */
  second: fc.option(policies, { freq: 2 }),
  rows: fc.array(
    fc.record({ p: place, q: place, x: fc.option(fc.nat(2), { freq: 4 }), b: fc.boolean() }),
    { maxLength: 16 },
  ),
  below: fc.option(grandchildren, { freq: 2 }),
})

const value = fc.option(fc.constantFrom(0, 0, 0, 1, 2), { freq: 8 })

/** A guarded table with duplicates, and what hangs on its rows. */
export const worlds = fc.record({
  pk: fc.constantFrom('int' as const, 'uuid' as const, 'pair' as const),
  key: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 2 }),
  nulls: fc.constantFrom(...NULLS),
  keep: fc.subarray(
    [
      'rank DESC NULLS LAST',
      'rank ASC NULLS FIRST',
      'coalesce(rank, 1) DESC',
      '(rank > 0)',
      'live DESC',
    ],
    { maxLength: 2 },
  ),
  where: fc.boolean(),
  copies: fc.boolean(),
  losers: fc.constantFrom('delete' as const, 'delete' as const, 'delete' as const, 'set' as const),
  /** What becomes of a row whose own parent goes; null where rows have no parents. */
  self: fc.option(fc.constantFrom(...DELETES), { freq: 2 }),
  /** What becomes of a row whose row of the first child goes: null where it points to none. */
  back: fc.option(fc.constantFrom(...DELETES), { freq: 1 }),
  rows: fc.array(
    fc.record({
      k0: value,
      k1: value,
      rank: fc.option(fc.nat(2)),
      live: fc.constantFrom(true, true, true, false),
      copy: fc.constantFrom(0, 0, 1),
      code: fc.boolean(),
      up: fc.option(fc.nat(12)),
      back: fc.option(fc.nat(8)),
    }),
    { minLength: 3, maxLength: 14 },
  ),
  children: fc.array(children, { maxLength: 3 }),
  /** How many losers a batch has at most, where it is to be small. */
  batch: fc.integer({ min: 1, max: 3 }),
  /** After how many such batches an apply is stopped. */
  stop: fc.integer({ min: 1, max: 4 }),
})

/** One of them. */
export type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never

/** One of its children. */
export type WorldChild = World['children'][number]
