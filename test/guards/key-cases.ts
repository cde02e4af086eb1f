import { type KeyPart, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { insertKeys } from './keyed-table.ts'

/** The database of the tests of one file; there from the first of them on. */
export let db: TestDatabase
/** Onceover on it. */
export let once: Onceover

/** Gives the tests of a file a database of their own, with citext. */
export function inKeyDatabase(): void {
  beforeAll(async () => {
    db = await testDatabase()
    once = await onceover({ db: db.pool })
    await db.pool.query('CREATE EXTENSION citext')
  })

  afterAll(async () => {
    await once.close()
    await db.drop()
  })
}

/** What `insertKeys` says of an invalid value, with these words in it. */
export const invalid = (why: string) => expect.stringMatching(new RegExp(`^invalid: .*${why}`))

/** Values of one column, one by one the keys of rows, and what becomes of each. */
interface Case {
  readonly title: string
  readonly type: string
  readonly part: KeyPart
  readonly values: readonly unknown[]
  readonly verdicts: readonly unknown[]
}

/** A test for each case. */
export const cases = (...all: readonly Case[]) =>
  test.each(all.map((each) => [each.title, each] as const))('%s', async (_, each) => {
    const { type, part, values, verdicts } = each
    expect(await insertKeys(once, type, part, values)).toEqual(verdicts)
  })
