import {
  column,
  date,
  expression,
  type Guard,
  guard,
  type Onceover,
  onceover,
  set,
  text,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn, type Options, sessionOn } from './ground.ts'
import { tracesOf } from './traces.ts'

let db: TestDatabase
let once: Onceover
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  database = openDatabase(db.pool)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const guarded = (ddl?: string, options?: Options) => guardedOn(db, ddl, options)
const client = () => sessionOn(db)
const traces = ({ table }: Guard) => tracesOf(db.pool, table)
const query = (made: Guard, text: string) => db.pool.query(text.replaceAll('$t', made.table))

const online = { online: true } as const

describe('enforcing online', () => {
  test('makes the index and leaves nothing else', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) SELECT date '2025-01-01' + i, i FROM generate_series(1, 500) i",
    )
    const on = `"public"."${made.table}"`
    const steps: string[] = []
    const enforced = await once.enforce(made, {
      ...online,
      onProgress: ({ step }) => steps.push(step),
    })
    expect(enforced).toMatchObject({
      guard: made.table,
      index: made.index,
      created: true,
      ddl: `CREATE UNIQUE INDEX CONCURRENTLY "${made.index}" ON ${on} ("day", "room")`,
      left: [],
    })
    expect([...new Set(steps)]).toEqual([
      ...['turn', 'check', 'key index', 'gate', 'build', 'clean up'],
    ])
    expect(await traces(made)).toEqual([made.index])
    expect(await once.enforce(made, online)).toMatchObject({ created: false, ddl: '' })
  })

  test('is what a table of more than a MiB gets', async () => {
    const made = await guarded(
      `INSERT INTO $t (day, room, note)
       SELECT '2025-01-01', i, repeat('x', 200) FROM generate_series(1, 8000) i`,
    )
    expect((await once.enforce(made)).ddl).toContain('CONCURRENTLY')
    expect(await traces(made)).toEqual([made.index])
  })

  test.each<[what: string, options: Options, row: string, again: string]>([
    ['a condition', { where: 'NOT gone' }, "day, room: '2025-01-01', 1", "'2025-01-01', 1"],
    ['copies', { copies: 'nr' }, "day, room: '2025-01-01', 1", "'2025-01-01', 1"],
    ['equal NULLs', { key: { day: date({ nulls: 'equal' }) } }, 'day, room: NULL, 1', 'NULL, 2'],
    ['any case', { key: { note: text({ trim: true, fold: true }) } }, "note: 'Ab'", "' aB '"],
    ['an expression', { key: { e: expression('room % 10') } }, 'room: 1', '11'],
    ['a set', { key: { tags: set() } }, "tags: '{1,2}'", "'{2,1,2}'"],
    ['equal values of other bytes', { key: { span: column() } }, "span: '1 day'", "'24:00'"],
  ])('holds %s', async (_, options, row, again) => {
    const made = await guarded('', options)
    const [columns, values] = row.split(': ')
    await query(made, `INSERT INTO $t (${columns}) VALUES (${values})`)
    await once.enforce(made, online)
    const second = query(made, `INSERT INTO $t (${columns}) VALUES (${again})`)
    await expect(second).rejects.toMatchObject({ code: '23505', constraint: made.index })
    expect((await once.inspect(made)).coverage).toMatchObject({ enforced: true })
    expect(await traces(made)).toEqual([made.index])
  })

  test('lists duplicates in the way, and leaves nothing', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    await expect(once.enforce(made, online)).rejects.toMatchObject({
      code: 'DUPLICATES_EXIST',
      details: { groups: 1, excess: 1, largest: { length: 1 } },
    })
    expect(await traces(made)).toEqual([])
  })

  test('has duplicates repaired behind the gate', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) SELECT '2025-01-01', i / 3 FROM generate_series(0, 99) i",
    )
    let calls = 0
    let stood: string[] = []
    const enforced = await enforce(database, made, {
      ...online,
      repair: async () => {
        calls++
        stood = await traces(made)
        await query(made, 'DELETE FROM $t a USING $t b WHERE a.room = b.room AND a.id > b.id')
      },
    })
    expect(enforced).toMatchObject({ created: true, left: [] })
    expect(calls).toBe(1)
    expect(stood).toEqual([
      ...[`${made.index}_gate`, `${made.index}_gate_insert`, `${made.index}_gate_update`],
      `${made.index}_key`,
    ])
    expect(await traces(made)).toEqual([made.index])
  })

  test('gives up on a repair that repairs nothing', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    let calls = 0
    const repair = async () => {
      calls++
    }
    await expect(enforce(database, made, { ...online, repair })).rejects.toMatchObject({
      code: 'DUPLICATES_EXIST',
    })
    expect(calls).toBe(10)
    expect(await traces(made)).toEqual([])
  })

  test('takes back everything where the repair fails', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    const repair = () => Promise.reject(new Error('disk full'))
    await expect(enforce(database, made, { ...online, repair })).rejects.toThrow('disk full')
    expect(await traces(made)).toEqual([])
  })

  test('builds again where a writer with an old view slips through the gate', async () => {
    // Where an index on the key stands already, nothing waits for old views before the gate.
    const made = await guarded('CREATE INDEX ON $t (day, room)')
    const writer = await client()
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1')
    await query(made, "INSERT INTO $t (day, room) VALUES ('2025-01-01', 2)")
    let slipped = false
    let repaired = 0
    const enforced = await enforce(database, made, {
      ...online,
      repair: async () => {
        repaired++
        await query(made, 'DELETE FROM $t a USING $t b WHERE a.room = b.room AND a.id > b.id')
      },
      onProgress: ({ step }) => {
        if (step !== 'build' || slipped) return
        slipped = true
        const sql = `INSERT INTO ${made.table} (day, room) VALUES ('2025-01-01', 2)`
        writer.query(sql).then(() => writer.query('COMMIT'))
      },
    })
    await writer.end()
    expect(enforced).toMatchObject({ created: true, left: [] })
    expect(repaired).toBeGreaterThan(0)
    expect(await traces(made)).toEqual([`${made.table}_day_room_idx`, made.index])
  })

  test('is refused to an owner from whom rows are hidden', async () => {
    const made = await guarded()
    const owner = `hidden_${process.pid}`
    await db.pool.query(`CREATE ROLE ${owner}; GRANT CREATE, USAGE ON SCHEMA public TO ${owner};
      ALTER TABLE ${made.table} OWNER TO ${owner};
      ALTER TABLE ${made.table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
    const session = await client()
    await session.query(`SET ROLE ${owner}`)
    const own = await onceover({ db: session })
    await expect(own.enforce(made, online)).rejects.toMatchObject({ code: 'RLS_HIDES_ROWS' })
    await session.end()
    expect(await traces(made)).toEqual([])
    await db.pool.query(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`)
  })

  test('is used where an index of another name stands: what was begun goes', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${made.index} ON ${made.table} (day, room)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create/)
    await query(made, 'DELETE FROM $t WHERE id > 1; CREATE UNIQUE INDEX $t_other ON $t (day, room)')
    expect(await once.enforce(made)).toMatchObject({ created: false, index: `${made.table}_other` })
    expect(await traces(made)).toEqual([`${made.table}_other`])
  })

  test('cannot be done on a bare handle', async () => {
    const made = await guarded()
    const bare = await onceover({ db: { query: (text, values) => db.pool.query(text, values) } })
    await expect(bare.enforce(made, online)).rejects.toMatchObject({ code: 'HANDLE_INVALID' })
  })

  test('reads the SQL of a guard under the role and search path of the given client', async () => {
    await db.pool.query(`CREATE SCHEMA elsewhere;
      CREATE FUNCTION elsewhere.half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
      CREATE TABLE elsewhere.halves (id serial PRIMARY KEY, n int)`)
    const given = await client()
    await given.query('SET search_path = elsewhere')
    const own = await onceover({ db: given })
    const made = guard('halves', { table: 'halves', key: { h: expression('half(n)') } })
    const enforced = await own.enforce(made, online)
    expect(enforced.ddl).toContain('"elsewhere"."halves"')
    await given.query('INSERT INTO halves (n) VALUES (2)')
    await expect(given.query('INSERT INTO halves (n) VALUES (3)')).rejects.toThrow(/duplicate key/)
    await given.end()
  })
})

describe('what a killed one left', () => {
  test('is used or taken away: an index that is invalid, and the key index', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${made.index} ON ${made.table} (day, room)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create/)
    await query(made, `CREATE INDEX ${made.index}_key ON $t (day, room)`)
    await query(made, 'DELETE FROM $t WHERE id > 1')
    expect(await traces(made)).toEqual([made.index, `${made.index}_key`])
    expect(await once.enforce(made)).toMatchObject({ created: true, left: [] })
    expect(await traces(made)).toEqual([made.index])
  })

  test('is taken away where the index stands already', async () => {
    const made = await guarded()
    await once.enforce(made)
    await query(made, `CREATE INDEX ${made.index}_key ON $t (day, room)`)
    expect(await once.enforce(made)).toMatchObject({ created: false, left: [] })
    expect(await traces(made)).toEqual([made.index])
  })

  test('is left alone where it is not ours', async () => {
    const made = await guarded(`CREATE INDEX ON $t (note)`)
    await query(made, `CREATE INDEX ${made.index} ON $t (note)`)
    await expect(once.enforce(made, online)).rejects.toMatchObject({ code: 'INDEX_NAME_TAKEN' })
    expect(await traces(made)).toEqual([`${made.table}_note_idx`, made.index])
  })
})
