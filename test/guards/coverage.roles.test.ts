import { type Onceover, onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedTable, inWords, type Options, PREPARATION } from './guarded-table.ts'

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

const CANCELLED: Options = { where: 'cancelled = false' }

const guarded = (ddl: string, options?: Options) => guardedTable(db.pool, ddl, options)

let roles = 0

describe('a role', () => {
  const asRole = async <T>(grants: string, work: (own: Onceover) => Promise<T>): Promise<T> => {
    const role = `reader_${process.pid}_${++roles}`
    const client = new pg.Client(db.url)
    await db.pool.query(`CREATE ROLE ${role}; ${grants.replaceAll('$role', role)}`)
    await client.connect()
    try {
      await client.query(`SET ROLE ${role}`)
      return await work(await onceover({ db: client }))
    } finally {
      await client.end()
      await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  }

  test('that may only read learns what is certain by comparison', async () => {
    const covered = await guarded(
      `CREATE UNIQUE INDEX $t_i ON $t (room, day) WHERE NOT cancelled;
       CREATE UNIQUE INDEX $t_n ON $t (room)`,
      CANCELLED,
    )
    const unknown = await guarded('CREATE UNIQUE INDEX $t_i ON $t (day, room) WHERE room > 0', {
      where: 'room > 1',
    })
    const grants = `GRANT SELECT ON ${covered.table}, ${unknown.table} TO $role`
    const [one, other] = await asRole(grants, (own) =>
      Promise.all([own.inspect(covered), own.inspect(unknown)]),
    )
    expect(inWords(one.coverage, covered)).toMatchObject({
      enforced: true,
      by: ['i'],
      shadows: [expect.stringContaining('n narrower')],
    })
    expect(other.coverage).toMatchObject({ enforced: undefined, indexes: [] })
  })

  test('that may read some columns only learns of indexes as far as it may', async () => {
    const made = await guarded(
      'CREATE UNIQUE INDEX $t_i ON $t (day, room); CREATE UNIQUE INDEX $t_l ON $t (lower(name))',
    )
    const grants = `GRANT SELECT (id, day, room) ON ${made.table} TO $role`
    const { coverage } = await asRole(grants, (own) => own.inspect(made))
    expect(coverage).toMatchObject({ enforced: true, indexes: [{ name: `${made.table}_i` }] })
  })

  test('without privileges is told so', async () => {
    const made = await guarded('')
    await asRole('', async (own) => {
      await expect(own.inspect(made)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        exitCode: 4,
        message: expect.stringContaining(made.table),
      })
    })
  })
})
