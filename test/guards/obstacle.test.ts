import { expression, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedTable, type Options, PREPARATION } from './guarded-table.ts'

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

describe('what no index can enforce is said', () => {
  test.each<[what: string, options: Options, says: RegExp]>([
    ['a condition on the time', { where: 'day > current_date - 7' }, /`where` is not immutable/],
    ['a subquery', { key: { n: expression('(SELECT room + 1)') } }, /subquery/],
    ['a condition with a subquery', { where: 'room IN (SELECT 1)' }, /subquery/],
    [
      'too many parts',
      {
        key: Object.fromEntries(
          Array.from({ length: 33 }, (_, n) => [`e${n}`, expression(`room + ${n}`)]),
        ),
      },
      /at most 32 columns/,
    ],
  ])('%s', async (_, options, says) => {
    const made = await guarded('', options)
    const { coverage } = await once.inspect(made)
    expect(coverage.obstacle).toMatch(says)
    expect(coverage.enforced).toBe(false)
    const [report] = await once.scan(made)
    expect(report?.coverage).toEqual(coverage)
  })

  test('an expression on settings', async () => {
    const made = await guarded('', { key: { at: expression("to_char(day, 'Mon')") } })
    const { coverage } = await once.inspect(made)
    expect(coverage).toMatchObject({
      enforced: false,
      obstacle: expect.stringContaining('the part at is not immutable'),
    })
  })

  test('inheriting tables', async () => {
    const made = await guarded(
      'CREATE UNIQUE INDEX $t_i ON $t (day, room); CREATE TABLE $t_child () INHERITS ($t)',
    )
    expect((await once.inspect(made)).coverage).toMatchObject({
      enforced: false,
      obstacle: expect.stringContaining('inherit'),
    })
  })

  test('rules that rewrite what is inserted', async () => {
    const made = await guarded('CREATE RULE r AS ON INSERT TO $t DO ALSO SELECT 1')
    const { coverage } = await once.inspect(made)
    expect(coverage.obstacle).toMatch(/rules/)
  })

  test('nothing, where an expression is immutable or a column', async () => {
    for (const options of [{}, CANCELLED, { key: { low: expression('lower(name)') } }]) {
      const made = await guarded('', options)
      expect((await once.scan(made))[0]?.coverage.obstacle).toBeUndefined()
    }
  })
})
