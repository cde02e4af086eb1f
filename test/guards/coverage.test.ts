import {
  column,
  date,
  expression,
  type Guard,
  guard,
  int,
  type Onceover,
  onceover,
  set,
  text,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { COLUMNS, guardedTable, inWords, type Options, PREPARATION } from './guarded-table.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(PREPARATION)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const guarded = (ddl: string, options?: Options) => guardedTable(db.pool, ddl, options)

const coverageOf = async (made: Guard) => inWords((await once.inspect(made)).coverage, made)

interface Case {
  readonly ddl: string
  readonly options?: Options
  readonly by?: string
  readonly shadows?: readonly (string | RegExp)[]
}

const cases = (all: Readonly<Record<string, Case>>) =>
  test.each(Object.entries(all))('%s', async (_, { ddl, options, by, shadows = [] }) => {
    const made = await guarded(ddl, options)
    const expected = shadows.map((each) =>
      typeof each === 'string' ? each : expect.stringMatching(each),
    )
    expect(await coverageOf(made)).toEqual({
      enforced: by !== undefined,
      by: by === undefined ? [] : [by],
      shadows: expected,
    })
  })

const CANCELLED: Options = { where: 'cancelled = false' }
const NAMED: Options = { key: { name: text() } }

describe('a guard is covered by', () => {
  cases({
    'a unique index': { ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room)', by: 'i' },
    'a constraint of another name': {
      ddl: 'ALTER TABLE $t ADD CONSTRAINT one_a_day UNIQUE (day, room)',
      by: 'one_a_day',
    },
    'an index in another order': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (room DESC NULLS LAST, day DESC)',
      by: 'i',
    },
    'an index that includes other columns': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) INCLUDE (name, id)',
      by: 'i',
    },
    'a partial index of the same condition in other words': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE NOT cancelled',
      options: CANCELLED,
      by: 'i',
    },
    'a partial index of a weaker condition': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE room > 0',
      options: { where: 'room > 1' },
      by: 'i',
      shadows: [
        'i narrower: binds all rows WHERE (room > 0), also those outside the guard’s where',
      ],
    },
    'an index that also binds rows whose parts are NULL, which meet no others': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE NOT cancelled',
      options: { where: 'room IS NOT NULL AND NOT cancelled AND day IS NOT NULL' },
      by: 'i',
    },
    'an index of all rows, though it binds more': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room)',
      options: CANCELLED,
      by: 'i',
      shadows: ['i narrower: binds every row, also those outside the guard’s where'],
    },
    'an index on its expression': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (lower(name))',
      options: { key: { handle: expression('lower( "name" )') } },
      by: 'i',
    },
    'an index on the column that an expression is': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (doubled)',
      options: { key: { doubled: expression('doubled') } },
      by: 'i',
    },
    'an index on a generated column': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (doubled)',
      options: { key: { doubled: int() } },
      by: 'i',
    },
    'an index on a domain': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (domained)',
      options: { key: { domained: int() } },
      by: 'i',
    },
    'an index on citext': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (mail)',
      options: { key: { mail: text() } },
      by: 'i',
    },
    'an index under the collation of the column': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (caseless)',
      options: { key: { caseless: text() } },
      by: 'i',
    },
    'an index under another collation that tells as many texts apart': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (name COLLATE "C")',
      options: NAMED,
      by: 'i',
    },
    'an index for patterns': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (name text_pattern_ops)',
      options: NAMED,
      by: 'i',
    },
    'an index on a name that needs quotes': {
      ddl: 'CREATE UNIQUE INDEX "$t_I" ON $t ("roomNumber")',
      options: { key: { roomNumber: int() } },
      by: 'I',
    },
    'an index in which NULLs are equal, where the guard says so': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) NULLS NOT DISTINCT',
      options: { key: { day: date({ nulls: 'equal' }), room: int() } },
      by: 'i',
    },
    'an index in which NULLs are equal, where the guard rejects them': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) NULLS NOT DISTINCT',
      by: 'i',
    },
    'an index in which NULLs are distinct, where there are none': {
      ddl: 'ALTER TABLE $t ALTER room SET NOT NULL; CREATE UNIQUE INDEX $t_i ON $t (room)',
      options: { key: { room: int({ nulls: 'equal' }) } },
      by: 'i',
    },
    'an index with the number of the copy': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room, copy)',
      options: { copies: 'copy' },
      by: 'i',
    },
  })

  test('its primary key', async () => {
    await db.pool.query('CREATE TABLE keyed (day date, room int, PRIMARY KEY (room, day))')
    const made = guard('keyed', { table: 'keyed', key: { day: date(), room: int() } })
    expect(await coverageOf(made)).toEqual({ enforced: true, by: ['pkey'], shadows: [] })
  })

  test('two indexes, both named', async () => {
    const made = await guarded(
      `CREATE UNIQUE INDEX $t_i ON $t (day, room);
       ALTER TABLE $t ADD CONSTRAINT $t_c UNIQUE (room, day)`,
    )
    expect(await coverageOf(made)).toEqual({ enforced: true, by: ['c', 'i'], shadows: [] })
  })
})

describe('a guard is not covered by, and is told of', () => {
  cases({
    nothing: { ddl: '' },
    'an index that is not unique': { ddl: 'CREATE INDEX $t_i ON $t (day, room)' },
    'an index on something else': { ddl: 'CREATE UNIQUE INDEX $t_i ON $t (name, room)' },
    'a narrower index': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day)',
      shadows: ['i narrower: rejects rows that differ in room only'],
    },
    'a narrower index of some rows': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (room) WHERE NOT cancelled',
      shadows: ['i narrower: rejects rows that differ in day only (WHERE (NOT cancelled))'],
    },
    'a narrower index that may bind rows of the guard': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day) WHERE name IS NULL OR room IS NULL',
      options: { where: 'name IS NOT NULL' },
      shadows: [/^i narrower: rejects rows that differ in room only/],
    },
    // Nothing is said of one that can bind no row of the guard.
    'a narrower index of rows without what its rows have': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day) WHERE NOT cancelled AND name IS NULL',
      options: { where: 'cancelled = false AND name IS NOT NULL' },
    },
    'a wider index': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room, name)',
      shadows: ['i wider: admits rows that differ in name only'],
    },
    'an index of some rows': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE room > 3',
      shadows: ['i partial: binds only rows WHERE (room > 3)'],
    },
    'an index of other rows': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE room > 3',
      options: CANCELLED,
      shadows: ['i partial: binds only rows WHERE (room > 3)'],
    },
    'an index on an expression of the column': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (lower(name))',
      options: NAMED,
      shadows: ['i narrower: rejects rows whose name differ while their lower(name) is the same'],
    },
    'an index on the column of the expression': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (name)',
      options: { key: { name: text({ trim: true, fold: true }) } },
      shadows: [
        'i wider: admits rows whose name differ while their trimmed folded name is the same',
      ],
    },
    'an index on the list of a set': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (tags)',
      options: { key: { tags: set() } },
      shadows: ['i wider: admits rows whose tags differ while their set tags is the same'],
    },
    'a deferrable constraint': {
      ddl: 'ALTER TABLE $t ADD CONSTRAINT $t_c UNIQUE (day, room) DEFERRABLE',
      shadows: ['c unusable: is deferrable: ON CONFLICT cannot use it'],
    },
    'an index in which NULLs are distinct': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (room)',
      options: { key: { room: int({ nulls: 'equal' }) } },
      shadows: ['i wider: admits repeated NULL in room'],
    },
    'an index in which NULLs are equal': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (room) NULLS NOT DISTINCT',
      options: { key: { room: int({ nulls: 'distinct' }) } },
      shadows: ['i narrower: rejects repeated NULL in room'],
    },
    'an index under a collation that tells fewer texts apart': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (name COLLATE caseless)',
      options: NAMED,
      shadows: ['i narrower: rejects texts of name that only collation caseless finds equal'],
    },
    'an index under a collation that tells more texts apart': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (caseless COLLATE "C")',
      options: { key: { caseless: text() } },
      shadows: ['i wider: tells apart texts of caseless, by collation C, that the column does not'],
    },
    'an index without the number of the copy': {
      ddl: 'CREATE UNIQUE INDEX $t_i ON $t (day, room)',
      options: { copies: 'copy' },
      shadows: ['i narrower: rejects rows that differ in copy only'],
    },
    'an exclusion constraint': {
      ddl: 'ALTER TABLE $t ADD EXCLUDE USING btree (day WITH =, room WITH =)',
    },
  })

  test('a narrower index beside its own', async () => {
    const made = await guarded(
      'CREATE UNIQUE INDEX $t_i ON $t (day, room); CREATE UNIQUE INDEX $t_n ON $t (room)',
    )
    expect(await coverageOf(made)).toEqual({
      enforced: true,
      by: ['i'],
      shadows: ['n narrower: rejects rows that differ in day only'],
    })
  })

  test('a deferrable constraint beside its own index, for ON CONFLICT fails at it', async () => {
    const made = await guarded(
      `CREATE UNIQUE INDEX $t_i ON $t (day, room);
       ALTER TABLE $t ADD CONSTRAINT $t_c UNIQUE (day, room) DEFERRABLE`,
    )
    const { coverage } = await once.inspect(made)
    expect(coverage).toMatchObject({ enforced: false, indexes: [{ name: `${made.table}_i` }] })
    expect(coverage.obstacle).toMatch(/_c, which is deferrable/)
    await expect(once.insert(made, [])).rejects.toMatchObject({ code: 'GUARD_NOT_ENFORCED' })
  })
})

test('asking takes no lock that keeps builders of indexes out', async () => {
  const made = await guarded('CREATE UNIQUE INDEX $t_i ON $t (day, room)')
  await once.transaction(async (handle) => {
    const rows = [{ id: 1, day: '2025-01-01', room: 1 }]
    await once.preview(made, rows, { handle })
    const { rows: locks } = await db.pool.query(
      'SELECT mode FROM pg_locks WHERE relation = $1::regclass',
      [made.table],
    )
    expect(locks.map(({ mode }) => mode)).toEqual(['AccessShareLock'])
  })
})

test('a table in another schema of the same name is another table', async () => {
  const made = await guarded('CREATE UNIQUE INDEX $t_i ON $t (day, room)')
  await db.pool.query(`CREATE SCHEMA other; CREATE TABLE other.${made.table} (${COLUMNS})`)
  const there = guard('there', { table: `other.${made.table}`, key: { day: date(), room: int() } })
  expect((await once.inspect(there)).coverage.enforced).toBe(false)
  expect((await once.inspect(made)).coverage.enforced).toBe(true)
})

test('a key of any column is covered as its type compares', async () => {
  const made = await guarded('CREATE UNIQUE INDEX $t_i ON $t (mail, name)', {
    key: { name: column(), mail: column() },
  })
  expect(await coverageOf(made)).toMatchObject({ enforced: true })
})
