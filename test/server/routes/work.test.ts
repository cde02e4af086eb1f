import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { date, guard, int, sql } from '../../../src/index.ts'
import { reconcileRoutes } from '../../../src/server/routes/reconcile.ts'
import { runRoutes } from '../../../src/server/routes/runs.ts'
import { workRoutes } from '../../../src/server/routes/work.ts'
import { type Server, server } from '../../../src/server/server.ts'
import { openWorkshop, until, visiting, visits, type Workshop } from '../../runs/workshop.ts'
import { type Ask, asking } from '../asking.ts'

const copies = guard('copies', {
  table: 'copies',
  key: { day: date(), room: int() },
  copies: 'copy_number',
  index: 'copies_key',
})

const failing = new Set<unknown>()

const generator = visiting({
  expected: ({ from, to }: { from: string; to: string }) => sql`
    SELECT visitor, day::date FROM generate_series(1, 3) AS visitor,
      generate_series(${from}::date, ${to}::date, '1 day') AS day`,
  make: ({ key }) => {
    if (failing.has(key.visitor)) throw new Error('no paper')
    return undefined
  },
})

let shop: Workshop
let served: Server
let ask: Ask

beforeAll(async () => {
  shop = await openWorkshop()
  await shop.rows(`CREATE TABLE copies (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date NOT NULL, room int NOT NULL, copy_number int NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX copies_key ON copies (day, room, copy_number)`)
  const { once } = shop
  served = server({ once, guards: [visits, copies], generators: [generator], write: true })
  ask = asking(served, [...workRoutes, ...reconcileRoutes, ...runRoutes])
})
afterEach(async () => {
  failing.clear()
  await shop.empty()
})
afterAll(async () => {
  await served.close()
  await shop.close()
})

const ended = async (run: string) => {
  await until(async () => (await ask(`GET /runs/${run}`)).state !== 'running')
  return ask(`GET /runs/${run}`)
}

const DAYS = { from: '2025-01-01', to: '2025-01-02' }

describe('a run', () => {
  test('of a span of days is previewed, started, and told of until its end', async () => {
    const body = { range: DAYS, reason: 'late', actor: 'ann' }
    const preview = await ask('POST /guards/visits/preview', { body })
    expect(preview.totals).toMatchObject({ rows: 6, created: 6 })
    const { run } = await ask('POST /guards/visits/run', { body, status: 202 })
    expect(await ended(run)).toMatchObject({
      state: 'done',
      totals: { created: 6 },
      reason: 'late',
      actor: 'ann',
      range: DAYS,
    })
    const again = await ask('POST /guards/visits/preview', { body })
    expect(again.totals).toMatchObject({ rows: 6, skipped: 6 })
    const found = await ask('GET /guards/visits/reconcile?from=2025-01-01&to=2025-01-03')
    expect(found.totals).toMatchObject({ expected: 9, made: 6, missing: 3 })
  })

  test('of units takes a key as JSON has it, and a whole number also as text', async () => {
    const keys = [
      { visitor: 7, day: '2025-01-01' },
      { visitor: '8', day: '2025-01-01' },
    ]
    const units = keys.map((key) => ({ key, input: null }))
    const { run } = await ask('POST /guards/visits/run', { body: { units }, status: 202 })
    expect(await ended(run)).toMatchObject({ totals: { created: 2 }, actor: 'dashboard' })
  })

  test('that is refused before it has an id answers with why', async () => {
    const unit = { key: { visitor: 7, day: '2025-01-01' } }
    const { run } = await ask('POST /guards/visits/run', { body: { units: [unit] }, status: 202 })
    await ended(run)
    const body = { units: [unit], onDuplicate: 'reject' }
    const refused = await ask('POST /guards/visits/run', { body, status: 409 })
    expect(refused).toMatchObject({ code: 'ROWS_REJECTED', details: { totals: { skipped: 1 } } })
    await ask('POST /guards/copies/run', { body: { units: [unit] }, status: 400 })
    await ask('POST /guards/visits/run', { body: { units: [unit], range: DAYS }, status: 400 })
  })

  test('that failed is tried again, and one that runs cannot be gone on with', async () => {
    failing.add(2)
    const body = { range: { ...DAYS, to: DAYS.from } }
    const { run } = await ask('POST /guards/visits/run', { body, status: 202 })
    expect(await ended(run)).toMatchObject({ totals: { created: 2, failed: 1 } })
    failing.clear()
    const again = { body: { run, reason: 'paper came' }, status: 202 }
    const retried = await ask('POST /guards/visits/retry', again)
    expect(await ended(retried.run)).toMatchObject({ totals: { created: 1 } })
    const resumed = await ask('POST /guards/visits/resume', { body: { run }, status: 202 })
    expect(resumed).toEqual({ run })
    await ended(run)
    const unknown = { run: '00000000-0000-4000-8000-000000000000' }
    await ask('POST /guards/visits/resume', { body: unknown, status: 404 })
  })
})

describe('rows', () => {
  const row = { day: '2025-01-01', room: 1 }

  test('are created, skipped, rejected or copied as asked', async () => {
    const first = await ask('POST /guards/copies/rows', { body: { rows: [row] }, status: 201 })
    expect(first.totals).toMatchObject({ created: 1 })
    const rows = [row, { ...row, room: 2 }]
    const preview = await ask('POST /guards/copies/preview', { body: { rows } })
    expect(preview.verdicts).toMatchObject([
      { verdict: 'skipped', existing: { id: 1 } },
      { verdict: 'created' },
    ])
    const rejected = { rows: [row], onDuplicate: 'reject' }
    await ask('POST /guards/copies/rows', { body: rejected, status: 409 })
    expect(await ask('POST /guards/copies/rows', { body: { rows: [row] } })).toMatchObject({
      totals: { skipped: 1 },
    })
    const copy = { rows: [row], onDuplicate: 'allow' }
    const unsaid = await ask('POST /guards/copies/rows', { body: copy, status: 400 })
    expect(unsaid.code).toBe('ALLOW_NEEDS_REASON')
    const body = { ...copy, reason: 'two classes' }
    const allowed = await ask('POST /guards/copies/rows', { body, status: 201 })
    expect(allowed.totals).toMatchObject({ allowed: 1 })
  })

  test('are made by the hook where there is one', async () => {
    const { once } = shop
    const heard: unknown[] = []
    const own = server({
      once,
      guards: [copies],
      write: true,
      create: {
        copies: (rows, options) => {
          heard.push(options)
          return once.insert(copies, rows as never, options)
        },
      },
    })
    const body = { rows: [{ ...row, room: 9 }], reason: 'by hand', actor: 'ann' }
    await asking(own, workRoutes)('POST /guards/copies/rows', { body, status: 201 })
    expect(heard).toEqual([{ reason: 'by hand', actor: 'ann' }])
    await own.close()
  })
})

test('a whole number that JSON does not have is answered as text', async () => {
  const key = { visitor: '9007199254740993', day: 'yesterday' }
  const units = [{ key, input: null }]
  const { verdicts } = await ask('POST /guards/visits/preview', { body: { units } })
  expect(verdicts).toMatchObject([{ verdict: 'invalid', key }])
  const body = { rows: [key], onDuplicate: 'reject' }
  const refused = await ask('POST /guards/visits/rows', { body, status: 409 })
  expect(refused.details.verdicts).toMatchObject([{ verdict: 'invalid', key }])
})
