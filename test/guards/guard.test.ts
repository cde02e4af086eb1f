import fc from 'fast-check'
import { date, expression, guard, int, OnceoverError, oneOf, text, uuid } from 'onceover'
import { describe, expect, test } from 'vitest'

type Declaration = Parameters<typeof guard>[1]

/** The faults that a declaration is refused for; none where it is accepted. */
function faultsOf(options: unknown, named: { name?: unknown } = { name: 'visits' }) {
  try {
    guard(named.name as string, options as Declaration)
    return []
  } catch (error) {
    if (!(error instanceof OnceoverError && error.code === 'GUARD_INVALID')) throw error
    return error.details.faults
  }
}

const key = { day: date(), room: int() }
const sound = { table: 'visits', key }

describe('a declaration is refused', () => {
  test.each<[why: string, options: unknown, fault: string]>([
    ['without options', undefined, 'the options are not an object'],
    ['with options that are a text', 'visits', 'the options are not an object'],
    ['without a table', { key }, 'the table is missing'],
    ['with an empty table', { table: ' ', key }, 'the table is missing'],
    ['with three names for a table', { table: 'a.b.c', key }, 'the table is not a name'],
    ['with a table cut by PostgreSQL', { table: 'é'.repeat(32), key }, 'the table is not a name'],
    ['with NUL in the table', { table: 'a\0', key }, 'the table is not a name'],
    ['without a key', { table: 'visits' }, 'the key has no parts'],
    ['with an empty key', { table: 'visits', key: {} }, 'the key has no parts'],
    ['with a list as key', { table: 'visits', key: [date()] }, 'the key is not an object'],
    ['with a part that is null', { ...sound, key: { day: null } }, 'key part day is not made by'],
    ['with a part not called', { ...sound, key: { day: date } }, 'key part day is not made by'],
    ['with a forged part', { ...sound, key: { day: { kind: 'date' } } }, 'key part day is not'],
    ['with a nameless part', { ...sound, key: { ' ': date() } }, 'a key part has no name'],
    [
      'with NULLs that are equal and distinct',
      { ...sound, key: { a: date({ nulls: 'equal' }), b: date({ nulls: 'distinct' }) } },
      "one index cannot hold NULLs both 'equal' and 'distinct'",
    ],
    ['with an unknown option', { ...sound, wehre: 'x' }, 'there is no option wehre'],
    ['with an empty where', { ...sound, where: '' }, 'where is empty'],
    ['with a where that is no text', { ...sound, where: true }, 'where is not a text'],
    ['with two statements', { ...sound, where: 'a; DROP TABLE b' }, 'where has a semicolon'],
    ['with a comment', { ...sound, where: 'a -- b' }, 'where has a comment'],
    ['with a comment that is open', { ...sound, where: 'a /* b' }, 'where has a comment'],
    ['with a parenthesis too many', { ...sound, where: 'a) OR (b' }, 'where has unbalanced'],
    ['with a parenthesis too few', { ...sound, unfinished: '(a' }, 'unfinished has unbalanced'],
    ['with an empty overlap', { ...sound, overlap: ' ' }, 'overlap is empty'],
    ['with an overlap in the open', { ...sound, overlap: 'a) < (b' }, 'overlap has unbalanced'],
    ['with an open quote', { ...sound, where: "a = 'b" }, 'where has an open quote'],
    ['with an open identifier', { ...sound, where: 'a = "b' }, 'where has an open quote'],
    ['with NUL in where', { ...sound, where: 'a\0' }, 'where contains a NUL character'],
    ['with keep as a text', { ...sound, keep: 'id' }, 'keep is not a list of texts'],
    ['with a keep that ends the query', { ...sound, keep: ['id; x'] }, 'keep has a semicolon'],
    ['with show of a number', { ...sound, show: [1] }, 'show is not a list of texts'],
    ['with losers unknown', { ...sound, losers: 'drop' }, "losers is neither 'delete' nor"],
    ['with losers set to nothing', { ...sound, losers: { set: {} } }, "losers is neither 'delete'"],
    ['with losers set to a list', { ...sound, losers: { set: { a: [] } } }, 'losers is neither'],
    ['with an unknown memory', { ...sound, remember: 'never' }, "remember is neither 'row' nor"],
    ['with children as one', { ...sound, children: { table: 't' } }, 'children is not a list of'],
    ['with a child without columns', { ...sound, children: [{ table: 't' }] }, 'children is not'],
    [
      'with a child of no columns',
      { ...sound, children: [{ table: 't', columns: [] }] },
      'children is not a list of',
    ],
    [
      'with copies in the key',
      { ...sound, copies: 'room' },
      'the copies column is part of the key',
    ],
    ['with copies and no key', { table: 't', copies: 'n' }, 'the key has no parts'],
    ['with a matrix that is a text', { ...sound, matrix: 'day' }, 'matrix is not an object'],
    [
      'with a matrix without a period',
      { ...sound, matrix: { entity: 'room' } },
      'the period of matrix is not the name of a part of the key',
    ],
    [
      'with a matrix of one thing',
      { ...sound, matrix: { entity: 'day', period: 'day' } },
      'the entity and the period of matrix are the same',
    ],
    [
      'with a matrix of nobody',
      { ...sound, matrix: { entity: ' ', period: 'day' } },
      'the entity of matrix is not the name of a part or a column',
    ],
    [
      'with an unknown option of the matrix',
      { ...sound, matrix: { entity: 'room', period: 'day', label: 'x' } },
      'matrix has no option label',
    ],
    [
      'with labels that end the query',
      { ...sound, matrix: { entity: 'room', period: 'day', labels: 'SELECT 1; x' } },
      'labels of matrix has a semicolon',
    ],
    ['with an index name too long', { ...sound, index: 'é'.repeat(32) }, 'index is not a name'],
    ['with an empty index name', { ...sound, index: '' }, 'index is not a name'],
    ['with NUL in the index name', { ...sound, index: 'a\0' }, 'index is not a name'],
  ])('%s', (_, options, fault) => {
    expect(faultsOf(options)).toEqual([expect.stringContaining(fault)])
  })

  test.each<[unknown]>([[''], [' '], [undefined], [7], ['a\0'], ['\ud800']])(
    'with name %j',
    (name) => {
      expect(faultsOf(sound, { name })).toEqual([expect.stringMatching(/^the name /)])
    },
  )

  test('for all its faults at once, in one error', () => {
    expect(faultsOf({ where: '', keep: 'id', key: { a: null } })).toHaveLength(4)
  })

  test('and the error names the guard, the faults and how to end', () => {
    const declare = () => guard('visits', { table: '', key } as Declaration)
    expect(declare).toThrow(
      expect.objectContaining({
        code: 'GUARD_INVALID',
        exitCode: 64,
        message: 'The guard "visits" is not well declared: the table is missing.',
      }),
    )
  })
})

describe('a declaration may', () => {
  test.each<[what: string, options: object]>([
    ['quote what only looks like the end of a statement', { where: "a = ';--' OR b = ';)'" }],
    ['quote identifiers', { where: '"a;b" > 1', table: 'visits' }],
    ['use dollar quotes and escapes', { where: "a = $x$;$y$ ( $x$ AND b = E'\\';('" }],
    ['use operators of signs', { where: "a->>'b' = 'c' AND d @> '{}' AND e - -1 > 0" }],
    ['name a table with its schema', { table: 'school.visits' }],
    ['name a table in quotes', { table: '"a.b"."C d"' }],
    ['order by several columns in one text', { keep: ['at desc nulls last, id'] }],
  ])('%s', (_, options) => {
    expect(faultsOf({ ...sound, ...options })).toEqual([])
  })
})

test('a guard cannot be changed, nor by what it was declared with', () => {
  const show = ['status']
  const children = [{ table: 'notes', columns: ['visit_id'] }]
  const losers = { set: { status: 'PAUSED' } }
  const made = guard('visits', { ...sound, show, children, losers })
  show.push('other')
  children[0]?.columns.push('more')
  losers.set.status = 'GONE'
  expect(made.show).toEqual(['status'])
  expect(made.children).toEqual([{ table: 'notes', columns: ['visit_id'] }])
  expect(made.losers).toEqual({ set: { status: 'PAUSED' } })
  const parts: unknown[] = [
    made,
    made.key,
    made.key.day,
    made.keep,
    made.show,
    made.children,
    made.losers,
  ]
  const deep = [
    made.children[0],
    made.children[0]?.columns,
    made.losers !== 'delete' && made.losers.set,
  ]
  for (const part of [...parts, ...deep] as readonly unknown[])
    expect(Object.isFrozen(part)).toBe(true)
})

test('the parts of a key keep the order of their declaration', () => {
  const made = guard('g', { table: 't', key: { b: int(), a: int(), c: int() } })
  expect(Object.keys(made.key)).toEqual(['b', 'a', 'c'])
})

describe('the default name of the index', () => {
  const nameOf = (name: string, table: string) => guard(name, { table, key }).index

  test('says the table and the guard', () => {
    expect(nameOf('one-per-day', 'visits')).toBe('ux_visits_one_per_day')
  })

  test('leaves the schema out, where the index stands too', () => {
    expect(nameOf('one-per-day', 'school.visits')).toBe('ux_visits_one_per_day')
  })

  test('differs between two guards that are alike in their first 63 bytes', () => {
    const long = 'a'.repeat(70)
    expect(nameOf(`${long}1`, 'visits')).not.toBe(nameOf(`${long}2`, 'visits'))
  })

  test('differs between two guards that are alike in their letters', () => {
    expect(nameOf('größe', 'visits')).not.toBe(nameOf('gräße', 'visits'))
    expect(nameOf('日', 'visits')).not.toBe(nameOf('月', 'visits'))
  })

  test('is an identifier of at most 63 bytes that no other guard of the table has', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
    const usable = name.filter((each) => each.trim() !== '' && !each.includes('\0'))
    fc.assert(
      fc.property(usable, usable, (one, other) => {
        const index = nameOf(one, 'visits')
        expect(Buffer.byteLength(index)).toBeLessThanOrEqual(63)
        expect(index).toMatch(/^\w+$/)
        const alike = one.replaceAll('-', '_') === other.replaceAll('-', '_')
        expect(alike || index !== nameOf(other, 'visits')).toBe(true)
      }),
    )
  })

  test('is the name that was declared, where one was', () => {
    expect(guard('g', { table: 't', key, index: 'Größe' }).index).toBe('Größe')
  })
})

test('parts of every kind make a key', () => {
  const parts = { a: text(), b: oneOf('X'), c: expression('lower(a)'), d: uuid() }
  expect(Object.keys(guard('g', { table: 't', key: parts }).key)).toEqual(['a', 'b', 'c', 'd'])
})
