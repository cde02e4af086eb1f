import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Verdict } from '../../src/core/verdict.ts'
import { type Guard, guard, int, type Policy, rejectedVerdicts, text } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'
import { Model, type ModelGuard, type ModelInput, type ModelRow } from './model.ts'

const COLUMNS = `id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int DEFAULT 1,
  b text NOT NULL DEFAULT 'x', live boolean NOT NULL DEFAULT true, code text UNIQUE,
  n int NOT NULL DEFAULT 3 CHECK (n > 0), copy int NOT NULL DEFAULT 0`

// At length: ONCEOVER_MODEL_RUNS=1000 npm test -- test/rows/insert.model.test.ts
const RUNS = Number(process.env.ONCEOVER_MODEL_RUNS ?? 15)

let opened: Opened
beforeAll(async () => {
  opened = await open()
})
afterAll(() => opened.close())

const arbitraryRow: fc.Arbitrary<ModelInput> = fc.record(
  {
    a: fc.constantFrom(1, 2, 3, null),
    b: fc.constantFrom('x', 'X ', 'y', ' y'),
    live: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    code: fc.constantFrom(null, null, 'p', 'q', 'r'),
    n: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(1, 2) }, fc.constantFrom(0, 'many')),
  },
  { requiredKeys: [] },
)

/** A call, or a cancellation of every row whose id leaves the remainder. */
type Step =
  | { readonly policy: Policy; readonly rows: readonly ModelInput[] }
  | { readonly cancel: number }

const steps = (policies: readonly Policy[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          policy: fc.constantFrom(...policies),
          rows: fc.array(arbitraryRow, { maxLength: 10 }),
        }),
      },
      fc.record({ cancel: fc.integer({ min: 0, max: 2 }) }),
    ),
    { minLength: 1, maxLength: 4 },
  )

async function call(on: Guard, rows: readonly ModelInput[], onDuplicate: Policy) {
  const options = { onDuplicate, reason: 'model', actor: 'test' }
  try {
    return (await opened.once.insert(on, rows as never, options)).verdicts
  } catch (error) {
    const verdicts = rejectedVerdicts(error)
    if (!verdicts) throw error
    return verdicts
  }
}

/** Holds the verdicts of a call against those of the model, and returns the ids by model id. */
function compare(
  verdicts: readonly Verdict[],
  expected: ReturnType<Model['insert']>,
  ids: Map<number, unknown>,
) {
  for (const verdict of verdicts) {
    const { row, existing, ...said } = expected[verdict.index] ?? {}
    expect(verdict).toMatchObject(said)
    if (row && !ids.has(row.id)) ids.set(row.id, verdict.row?.id)
    if (row) expect(verdict.row).toEqual({ ...row, id: ids.get(row.id) })
    if (existing) expect(verdict.existing).toEqual({ ...existing, id: ids.get(existing.id) })
  }
}

async function play(on: Guard, says: ModelGuard, history: readonly Step[]) {
  await opened.query(`TRUNCATE ${on.table}`)
  const model = new Model(says)
  const ids = new Map<number, unknown>()
  for (const step of history) {
    if ('cancel' in step) {
      for (const row of model.rows) if (row.id % 3 === step.cancel) row.live = false
      const gone = model.rows.filter(({ live }) => !live).map(({ id }) => ids.get(id))
      await opened.query(`UPDATE ${on.table} SET live = false WHERE id = ANY($1)`, [gone])
      continue
    }
    const before: ModelRow[] = structuredClone(model.rows)
    const expected = model.insert(step.rows, step.policy)
    const verdicts = await call(on, step.rows, step.policy)
    const rejected = step.policy === 'reject' && expected.some((each) => each.verdict !== 'created')
    if (rejected) {
      model.rows = before
      const rest = expected.filter(({ verdict }) => verdict !== 'created')
      expect(verdicts).toHaveLength(rest.length)
    } else expect(verdicts).toHaveLength(step.rows.length)
    compare(verdicts, expected, ids)
  }
  const stored = await opened.query(`SELECT * FROM ${on.table} ORDER BY id`)
  const standing = model.rows.map((row) => ({ ...row, id: ids.get(row.id) }))
  expect(stored).toEqual(standing.sort((left, right) => Number(left.id) - Number(right.id)))
}

describe.each(['reject', 'equal', 'distinct'] as const)('with NULL meaning %s', (nulls) => {
  test.each([
    ['skip, reject and replace', false, ['skip', 'reject', 'replace']],
    ['skip, reject and allow, with copies', true, ['skip', 'reject', 'allow']],
  ] as const)(
    '%s do what the model says',
    async (_, copies, policies) => {
      const table = `model_${nulls}_${copies}`
      await opened.query(`CREATE TABLE ${table} (${COLUMNS})`)
      const on = guard(table, {
        table,
        key: { a: int({ nulls }), b: text({ trim: true, fold: true }) },
        where: 'live',
        show: ['a', 'b', 'live', 'code', 'n', 'copy'],
        ...(copies && { copies: 'copy' }),
      })
      await opened.once.enforce(on)
      await fc.assert(
        fc.asyncProperty(steps(policies), (history) => play(on, { nulls, copies }, history)),
        { numRuns: RUNS },
      )
    },
    3_600_000,
  )
})
