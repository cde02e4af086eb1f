import { type Guard, type Onceover, onceover, text } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn, type Options } from './ground.ts'
import { tracesOf } from './traces.ts'

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

const guarded = (ddl?: string, options?: Options) => guardedOn(db, ddl, options)
const traces = ({ table }: Guard) => tracesOf(db.pool, table)

const online = { online: true } as const

describe('a constraint', () => {
  test('is made of the index where it is asked for', async () => {
    const made = await guarded()
    const enforced = await once.enforce(made, { ...online, constraint: true })
    expect(enforced.ddl).toContain(`UNIQUE USING INDEX "${made.index}"`)
    const small = await guarded()
    expect((await once.enforce(small, { constraint: true })).ddl).toContain('ADD CONSTRAINT')
    for (const { table } of [made, small]) {
      const { rows } = await db.pool.query(
        "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'u'",
        [table],
      )
      expect(rows).toHaveLength(1)
    }
    expect(await once.enforce(made, { constraint: true })).toMatchObject({ created: false })
  })

  test('is made of an index that stood before', async () => {
    const made = await guarded()
    await once.enforce(made)
    const { ddl } = await once.enforce(made, { constraint: true })
    expect(ddl).toContain('USING INDEX')
  })

  test.each<[why: string, options: Options, says: RegExp]>([
    ['a condition', { where: 'NOT gone' }, /binds all rows/],
    ['a computed part', { key: { note: text({ fold: true }) } }, /holds columns only/],
  ])('is refused with %s, before anything stands', async (_, options, says) => {
    const made = await guarded('', options)
    const call = once.enforce(made, { ...online, constraint: true })
    await expect(call).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCEABLE',
      message: expect.stringMatching(says),
    })
    expect(await traces(made)).toEqual([])
  })
})
