import { describe, expect, test } from 'vitest'
import { saveHandle } from '../../src/claims/save-handle.ts'
import type { Transaction } from '../../src/postgres/handle.ts'

/** A handle that answers as it is told. */
const answering = (answer: () => Promise<never[]>): Transaction => ({
  query: async () => ({ rows: await answer(), rowCount: 0 }),
})

const handle = () => saveHandle(answering(async () => [])).handle

describe('the handle of a save refuses what ends its transaction', () => {
  test.each([
    'COMMIT',
    ' -- done\n commit;',
    '/* all */ END',
    'BEGIN',
    'start transaction',
    'ABORT',
    'ROLLBACK',
    'rollback transaction and chain',
    "PREPARE TRANSACTION 'x'",
    'SELECT 1; COMMIT',
    "INSERT INTO t VALUES ('; ; '); rollback",
    'DO $x$ BEGIN PERFORM 1; END $x$; COMMIT',
    'SELECT $$;$$; end',
  ])('%s', async (text) => {
    await expect(handle().query(text)).rejects.toMatchObject({ code: 'SAVE_ENDED_TRANSACTION' })
  })
})

test('what comes as an object of pg is read as well', async () => {
  const query = { text: 'COMMIT' } as never
  await expect(handle().query(query)).rejects.toMatchObject({ code: 'SAVE_ENDED_TRANSACTION' })
})

describe('and lets through what only looks like it', () => {
  test.each([
    'SAVEPOINT a',
    'ROLLBACK TO a',
    'rollback transaction to savepoint a',
    'RELEASE a',
    'SELECT 1; ROLLBACK TO a',
    'SELECT commit FROM ends',
    "INSERT INTO t VALUES ('x; COMMIT')",
    'SELECT "a; commit" FROM t',
    'DO $$ BEGIN PERFORM 1; END $$',
    'DO $do$ BEGIN PERFORM 1; END; $do$ -- ; commit',
    'SELECT 1 /* ; COMMIT */',
    'PREPARE plan AS SELECT 1',
    'SELECT CASE WHEN true THEN 1 END',
  ])('%s', async (text) => {
    await expect(handle().query(text)).resolves.toMatchObject({ rows: [] })
  })
})

test('a statement that nobody awaits is counted, and its failure ends no process', async () => {
  const unheard: unknown[] = []
  const hear = (error: unknown) => unheard.push(error)
  process.on('unhandledRejection', hear)
  const save = saveHandle(
    answering(() => new Promise((_, reject) => setImmediate(() => reject(new Error('late'))))),
  )
  void save.handle.query('INSERT')
  expect(await save.settle()).toBe(1)
  expect(await save.settle()).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})
