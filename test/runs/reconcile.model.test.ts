import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selectHashes } from '../../src/claims/hashed/queries.ts'
import {
  date,
  type Guard,
  generator,
  guard,
  int,
  type Nulls,
  type Onceover,
  onceover,
  sql,
} from '../../src/index.ts'
import { jsonInput } from '../../src/rows/prepare.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

// At length: ONCEOVER_MODEL_RUNS=1000 npm test -- test/runs/reconcile.model.test.ts
const RUNS = Number(process.env.ONCEOVER_MODEL_RUNS ?? 15)

interface Key {
  readonly day: string | null
  readonly n: number | null
}

interface Row extends Key {
  readonly live: boolean
  readonly body: string | null
}

interface Claim extends Key {
  readonly state: 'claimed' | 'done' | 'failed' | 'exhausted' | 'cancelled'
  readonly alive: boolean
}

const keys = {
  day: fc.constantFrom('2025-10-01', '2025-10-02', '2025-10-03', null),
  n: fc.constantFrom(1, 2, null),
}
const worlds = fc.record({
  expected: fc.array(fc.record(keys), { maxLength: 8 }),
  rows: fc.array(fc.record({ ...keys, live: fc.boolean(), body: fc.constantFrom('x', null) }), {
    maxLength: 10,
  }),
  claims: fc.uniqueArray(
    fc.record({
      ...keys,
      state: fc.constantFrom('claimed', 'done', 'failed', 'exhausted', 'cancelled'),
      alive: fc.boolean(),
    }),
    { maxLength: 8, selector: ({ day, n }) => `${day} ${n}` },
  ),
})
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(`CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date, n int, live bool, body text)`)
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const LEASES = {
  true: '00000000-0000-4000-8000-000000000001',
  false: '00000000-0000-4000-8000-000000000002',
}

async function build(of: Guard, { rows, claims }: World): Promise<void> {
  await db.pool.query(`TRUNCATE things, onceover.claim, onceover.lease;
    INSERT INTO onceover.lease (id, worker, expires_at) VALUES
      ('${LEASES.true}', 'w', now() + interval '1 day'), ('${LEASES.false}', 'w', now())`)
  await db.pool.query(
    `INSERT INTO things (day, n, live, body)
     SELECT * FROM json_to_recordset($1) AS x(day date, n int, live bool, body text)`,
    [JSON.stringify(rows)],
  )
  const inspection = await once.inspect(of)
  const input = jsonInput(
    inspection,
    claims.map(({ day, n }, index) => ({ index, values: { day, n } })),
  )
  const hashes = selectHashes(inspection, input)
  const { rows: hashed } = await db.pool.query(hashes.text, [...hashes.values])
  const kept = claims.flatMap(({ state, alive }, place) => {
    const hash: string | null = hashed[place]?.hash ?? null
    return hash === null
      ? []
      : [{ hash, state, lease: state === 'claimed' ? LEASES[`${alive}`] : null }]
  })
  await db.pool.query(
    `INSERT INTO onceover.claim (guard, key_hash, key, state, lease_id, grant_id, fence, attempt,
       generation, origin, replaces, run_id, claimed_at)
     SELECT $1, decode(hash, 'hex'), '[]', state, lease, gen_random_uuid(), 1, 1, 1, 'new', false,
       gen_random_uuid(), now()
     FROM json_to_recordset($2) AS x(hash text, state text, lease uuid)`,
    [of.name, JSON.stringify(kept)],
  )
}

const said = ({ day, n }: Key): string => JSON.stringify([day, n])

/** What reconcile must say, worked out one key after the other. */
function model({ expected, rows, claims }: World, nulls: Nulls, forever: boolean) {
  const valid = ({ day, n }: Key) => nulls === 'equal' || (day !== null && n !== null)
  const wanted = new Map(expected.filter(valid).map((key) => [said(key), key]))
  const days = new Set<string | null>([...wanted.values()].map(({ day }) => day))
  const standing: Row[] = rows.filter(({ live }) => live)
  const totals = { expected: 0, made: 0, missing: 0, duplicate: 0, in_flight: 0, failed: 0 }
  for (const [name] of wanted) {
    const own = standing.filter((row) => said(row) === name)
    const claim: Claim | undefined = claims.find((each) => said(each) === name)
    const finished = own.some(({ body }) => body !== null)
    const made = finished || (forever && claim?.state === 'done')
    const held = !made && claim?.state === 'claimed' && claim.alive
    const failed = ['failed', 'exhausted', 'cancelled'].includes(claim?.state ?? '')
    totals.expected++
    totals.made += Number(made)
    totals.in_flight += Number(held)
    totals.missing += Number(!made && !held)
    totals.failed += Number(!made && failed)
    totals.duplicate += Math.max(0, own.length - 1)
  }
  const extra = standing.filter(
    (row) => days.has(row.day) && !wanted.has(said(row)) && (nulls !== 'distinct' || valid(row)),
  )
  const invalid = expected.filter((key) => !valid(key)).length
  return { totals: { ...totals, extra: extra.length }, invalid }
}

describe.each(['reject', 'equal', 'distinct'] as const)('with NULL meaning %s', (nulls) => {
  test.each(['row', 'forever'] as const)(
    'remembering by %s it says what the model says',
    async (remember) => {
      const things = guard(`${nulls} ${remember}`, {
        table: 'things',
        key: { day: date({ nulls }), n: int({ nulls }) },
        where: 'live',
        unfinished: 'body IS NULL',
        remember,
      })
      await fc.assert(
        fc.asyncProperty(worlds, async (world) => {
          await build(things, world)
          const each = generator(things, {
            expected:
              () => sql`SELECT * FROM json_to_recordset(${JSON.stringify(world.expected)}::json)
            AS x(day date, n int)`,
            save: () => {},
          })
          const right = model(world, nulls, remember === 'forever')
          const list = world.expected.map((key) => ({ key })) as never
          for (const source of [{}, list]) {
            const found = await once.reconcile(each, source)
            expect({ totals: found.totals, invalid: found.invalid }).toEqual(right)
            expect(found.missing).toHaveLength(right.totals.missing)
          }
        }),
        { numRuns: RUNS },
      )
    },
    3_600_000,
  )
})
