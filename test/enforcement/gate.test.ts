import { column, date, expression, type Guard, int, set, text } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn, type Options, sessionOn } from './ground.ts'
import { tracesOf } from './traces.ts'

let db: TestDatabase
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  database = openDatabase(db.pool)
})

afterAll(() => db.drop())

const guarded = (ddl?: string, options?: Options) => guardedOn(db, ddl, options)
const query = (made: Guard, text: string) => db.pool.query(text.replaceAll('$t', made.table))

const DUPLICATE = `INSERT INTO $t (day, room, note, tags, span)
  VALUES ('1999-01-01', -1, 'dup', '{9}', '9 days'), ('1999-01-01', -1, 'dup', '{9}', '9 days')`
const REPAIR = "DELETE FROM $t WHERE day = '1999-01-01'"

/** Does something while the gate stands, and enforces the guard to the end. */
async function behindGate(made: Guard, work: () => Promise<void>): Promise<void> {
  await query(made, DUPLICATE)
  await enforce(database, made, {
    online: true,
    repair: async () => {
      await work()
      await query(made, REPAIR)
    },
  })
}

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    ({ code, message, detail, constraint, schema, table }) => {
      return { code, message, detail, constraint, schema, table }
    },
  )

describe('a gate says what the index will say', () => {
  test.each<[what: string, options: Options, columns: string, values: string]>([
    ['of columns', {}, 'day, room', "'2025-01-01', 1"],
    ['of a condition', { where: 'NOT gone' }, 'day, room', "'2025-01-01', 1"],
    ['of copies', { copies: 'nr' }, 'day, room, nr', "'2025-01-01', 1, 7"],
    [
      'of equal NULLs',
      { key: { day: date({ nulls: 'equal' }), room: int({ nulls: 'equal' }) } },
      'day, room',
      'NULL, 1',
    ],
    ['of folded text', { key: { note: text({ trim: true, fold: true }) } }, 'note', "' Ab'"],
    ['of an expression', { key: { e: expression('room % 10') } }, 'room', '11'],
    ['of true and false', { key: { e: expression('room > 5') } }, 'room', '6'],
    ['of a set', { key: { tags: set() } }, 'tags', "'{2,1,2}'"],
    ['of an interval', { key: { span: column() } }, 'span', "'24:00'"],
    ['of a type without a hash', { key: { b: expression('room::bit(8)') } }, 'room', '5'],
    ['of a quoted name', { index: 'Its "own" name' }, 'day, room', "'2025-01-01', 1"],
  ])('%s', async (_, options, columns, values) => {
    const made = await guarded('', options)
    const insert = `INSERT INTO $t (${columns}) VALUES (${values})`
    await query(made, insert)
    let refused: unknown
    await behindGate(made, async () => {
      refused = await refusal(query(made, insert))
    })
    expect(refused).toMatchObject({ code: '23505', constraint: made.index })
    expect(refused).toEqual(await refusal(query(made, insert)))
  })

  test('and lets pass what the index will let pass', async () => {
    const made = await guarded('', { where: 'NOT gone' })
    await query(made, "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1)")
    const rows = [
      "'2025-01-01', 1, true",
      "'2025-01-01', 2, false",
      "'2025-01-02', 1, false",
      'NULL, 1, false',
      'NULL, 1, false',
    ]
    await behindGate(made, async () => {
      for (const row of rows) await query(made, `INSERT INTO $t (day, room, gone) VALUES (${row})`)
    })
    const { rows: found } = await query(made, 'SELECT FROM $t')
    expect(found).toHaveLength(6)
  })
})

describe('a gate', () => {
  const KEY = "'2025-01-01', 1"

  test('sees two rows of one statement', async () => {
    const made = await guarded()
    let refused: unknown
    await behindGate(made, async () => {
      refused = await refusal(query(made, `INSERT INTO $t (day, room) VALUES (${KEY}), (${KEY})`))
    })
    expect(refused).toMatchObject({ detail: 'Key (day, room)=(2025-01-01, 1) already exists.' })
  })

  test('sees an update of the key and of what the condition reads, and no other', async () => {
    const made = await guarded('', { where: 'NOT gone' })
    await query(
      made,
      `INSERT INTO $t (day, room, gone) VALUES (${KEY}, false), (${KEY}, true), (NULL, 2, false)`,
    )
    const refused: unknown[] = []
    await behindGate(made, async () => {
      refused.push(await refusal(query(made, 'UPDATE $t SET gone = false WHERE gone')))
      refused.push(
        await refusal(query(made, `UPDATE $t SET (day, room) = (${KEY}) WHERE room = 2`)),
      )
      // Duplicates that stand are not looked at again.
      await query(made, "UPDATE $t SET note = 'seen', doc = '{}', span = '1 day'")
      await query(made, 'UPDATE $t SET room = 3 WHERE id = 1')
      await query(made, 'UPDATE $t SET gone = false WHERE gone')
    })
    expect(refused).toMatchObject([{ code: '23505' }, { code: '23505' }])
  })

  test('sees what triggers made of a row, and what is generated', async () => {
    const made = await guarded(
      `ALTER TABLE $t ADD slot int GENERATED ALWAYS AS (room / 10) STORED;
       CREATE FUNCTION $t_clean() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN NEW.note := lower(NEW.note); RETURN NEW; END';
       CREATE TRIGGER clean BEFORE INSERT OR UPDATE ON $t FOR EACH ROW
         EXECUTE FUNCTION $t_clean()`,
      { key: { slot: int(), note: text() } },
    )
    await query(made, "INSERT INTO $t (room, note) VALUES (11, 'a')")
    let refused: unknown
    await behindGate(made, async () => {
      refused = await refusal(query(made, "INSERT INTO $t (room, note) VALUES (12, 'A')"))
    })
    expect(refused).toMatchObject({ detail: 'Key (slot, note)=(1, a) already exists.' })
  })

  test('makes two writers of one key take turns', async () => {
    const made = await guarded()
    const [first, second] = [await sessionOn(db), await sessionOn(db)]
    let refused: unknown
    await behindGate(made, async () => {
      await first.query(`BEGIN; INSERT INTO ${made.table} (day, room) VALUES (${KEY})`)
      const call = refusal(second.query(`INSERT INTO ${made.table} (day, room) VALUES (${KEY})`))
      const waits = async () => {
        const { rows } = await db.pool.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        )
        return rows.length > 0
      }
      while (!(await waits()));
      await first.query('COMMIT')
      refused = await call
    })
    await Promise.all([first.end(), second.end()])
    expect(refused).toMatchObject({ code: '23505' })
  })

  test('lets a transaction of very many rows through', async () => {
    const made = await guarded()
    await behindGate(made, async () => {
      await query(
        made,
        "INSERT INTO $t (day, room) SELECT '2025-01-01', i FROM generate_series(1, 20000) i",
      )
    })
    const { rows } = await query(made, 'SELECT FROM $t')
    expect(rows).toHaveLength(20_000)
  })

  test('works for writers who may not read, and runs as the owner of the table', async () => {
    const made = await guarded()
    const [owner, writer] = [`owner_${process.pid}`, `writer_${process.pid}`]
    await db.pool.query(`CREATE ROLE ${owner}; CREATE ROLE ${writer};
      GRANT CREATE, USAGE ON SCHEMA public TO ${owner};
      ALTER TABLE ${made.table} OWNER TO ${owner};
      GRANT INSERT ON ${made.table} TO ${writer};
      GRANT USAGE ON SEQUENCE ${made.table}_id_seq TO ${writer}`)
    const session = await sessionOn(db)
    await session.query(`SET ROLE ${writer}`)
    await session.query(`INSERT INTO ${made.table} (day, room) VALUES (${KEY})`)
    let refused: unknown
    let runsAs: unknown
    await behindGate(made, async () => {
      refused = await refusal(
        session.query(`INSERT INTO ${made.table} (day, room) VALUES (${KEY})`),
      )
      const { rows } = await db.pool.query(
        'SELECT proowner::regrole::text AS owner, prosecdef FROM pg_proc WHERE proname = $1',
        [`${made.index}_gate`],
      )
      runsAs = rows[0]
    })
    await session.end()
    await db.pool.query(`DROP OWNED BY ${owner}, ${writer} CASCADE; DROP ROLE ${owner}, ${writer}`)
    expect(refused).toMatchObject({ code: '23505' })
    expect(runsAs).toEqual({ owner, prosecdef: true })
  })

  test('is not deceived by the search path of a writer', async () => {
    const made = await guarded()
    await query(made, `INSERT INTO $t (day, room) VALUES (${KEY})`)
    const session = await sessionOn(db)
    await session.query(`CREATE SCHEMA trap;
      CREATE FUNCTION trap.never(date, date) RETURNS boolean LANGUAGE sql AS 'SELECT false';
      CREATE OPERATOR trap.= (leftarg = date, rightarg = date, function = trap.never);
      CREATE TEMP TABLE ${made.table} (LIKE public.${made.table});
      SET search_path = trap, pg_catalog, public`)
    let refused: unknown
    await behindGate(made, async () => {
      refused = await refusal(
        session.query(`INSERT INTO public.${made.table} (day, room) VALUES (${KEY})`),
      )
    })
    await session.end()
    expect(refused).toMatchObject({ code: '23505' })
  })

  test('of a caseless type compares as that type does', async () => {
    const { rows } = await db.pool.query(
      "SELECT FROM pg_available_extensions WHERE name = 'citext'",
    )
    if (rows.length === 0) return
    await db.pool.query('CREATE SCHEMA extras; CREATE EXTENSION citext SCHEMA extras')
    const made = await guarded("ALTER TABLE $t ADD mail extras.citext DEFAULT 'x'", {
      key: { mail: text() },
    })
    await query(made, "INSERT INTO $t (mail) VALUES ('A@b')")
    let refused: unknown
    await behindGate(made, async () => {
      refused = await refusal(query(made, "INSERT INTO $t (mail) VALUES ('a@B')"))
    })
    expect(refused).toEqual(await refusal(query(made, "INSERT INTO $t (mail) VALUES ('a@B')")))
  })

  test('finds the rows of a key through an index that stands, and makes none then', async () => {
    const made = await guarded('CREATE INDEX ON $t (day, room, note)')
    let stood: string[] = []
    await behindGate(made, async () => {
      stood = await tracesOf(db.pool, made.table)
    })
    expect(stood).not.toContain(`${made.index}_key`)
  })

  test('never reads the whole table for a row, also where it has no statistics', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) SELECT '2025-01-01', i FROM generate_series(1, 5000) i",
    )
    const writer = await sessionOn(db)
    const flush = () => writer.query('SELECT pg_stat_force_next_flush()')
    const scans = async () => {
      await flush()
      const { rows } = await writer.query(
        'SELECT seq_scan::int AS scans FROM pg_stat_user_tables WHERE relname = $1',
        [made.table],
      )
      return rows[0].scans
    }
    let grown = -1
    await behindGate(made, async () => {
      const before = await scans()
      for (let room = 6000; room < 6010; room++) {
        await writer.query(`INSERT INTO ${made.table} (day, room) VALUES ('2025-01-01', ${room})`)
      }
      grown = (await scans()) - before
    })
    await writer.end()
    expect(grown).toBe(0)
  })

  test('is refused a name that another function has', async () => {
    const made = await guarded()
    await db.pool.query(
      `CREATE FUNCTION ${made.index}_gate() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    )
    await expect(behindGate(made, async () => undefined)).rejects.toMatchObject({
      code: 'INDEX_NAME_TAKEN',
    })
    const { rows } = await db.pool.query('SELECT FROM pg_proc WHERE proname = $1', [
      `${made.index}_gate`,
    ])
    expect(rows).toHaveLength(1)
  })

  test('of another table with an index of that name is left alone', async () => {
    const first = await guarded()
    const second = { ...(await guarded()), index: first.index }
    await query(second, REPAIR)
    await behindGate(first, async () => {
      await expect(enforce(database, second, { online: true })).rejects.toMatchObject({
        code: 'INDEX_NAME_TAKEN',
      })
      const again = query(first, DUPLICATE)
      expect(await refusal(again)).toMatchObject({ constraint: first.index, table: first.table })
    })
  })
})
