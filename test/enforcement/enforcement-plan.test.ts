import { type EnforcementPlan, type Onceover, onceover, set } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn } from './ground.ts'
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

const stepsOf = ({ statements }: EnforcementPlan) => [
  ...new Set(statements.map(({ step }) => step)),
]

describe('the plan of an enforcement', () => {
  test('is what runs, in order, and changes nothing', async () => {
    const made = await guardedOn(db, '', { key: { tags: set() } })
    const plan = await once.enforcementPlan(made, { online: true })
    expect(plan).toMatchObject({ guard: made.table, index: made.index, how: 'online' })
    expect(stepsOf(plan)).toEqual(['turn', 'check', 'key index', 'gate', 'build', 'clean up'])
    expect(await tracesOf(db.pool, made.table)).toEqual([])
    const { rows } = await db.pool.query("SELECT FROM pg_proc WHERE proname = 'onceover_set'")
    expect(rows).toEqual([])
    // Run by hand, it comes to the same.
    for (const { sql } of plan.statements) {
      if (!sql.startsWith('LOCK')) await db.pool.query(sql)
    }
    expect(await once.enforcementPlan(made)).toMatchObject({ how: 'standing', statements: [] })
    expect(await tracesOf(db.pool, made.table)).toEqual([made.index])
  })

  test('of a small table is one statement under a lock', async () => {
    const made = await guardedOn(db)
    const plan = await once.enforcementPlan(made)
    expect(plan.how).toBe('locked')
    expect(plan.statements.map(({ step }) => step)).toEqual(['check', 'build'])
    expect(plan.statements.at(-1)).toMatchObject({ lock: expect.stringMatching(/^SHARE: writers/) })
  })

  test('names the repair, the constraint, and what is left over', async () => {
    const made = await guardedOn(db)
    await db.pool.query(`CREATE INDEX ${made.index}_key ON ${made.table} (day, room)`)
    const plan = await once.enforcementPlan(made, { repair: true, constraint: true })
    expect(plan.statements[0]).toMatchObject({ step: 'clean up' })
    expect(stepsOf(plan)).toEqual(expect.arrayContaining(['repair', 'constraint']))
  })

  test('is refused where the enforcement would be', async () => {
    const made = await guardedOn(db, '', { where: 'day > current_date' })
    await expect(once.enforcementPlan(made)).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCEABLE',
    })
  })
})
