import type { Page } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchEvents } from '../../src/audit/events/queries.ts'
import { type PageSearch, selectPage } from '../../src/audit/page/queries.ts'
import { searchClaims } from '../../src/runs/claim-list/queries.ts'
import { searchRuns } from '../../src/runs/list/queries.ts'
import { openWorkshop, units, visiting, type Workshop } from './workshop.ts'

const GUARDS = 3
const RUNS = 60
const CLAIMS = 6000
const EVENTS = 6000

// Every claim of a run has one moment, as if it had been claimed by one statement.
const LEDGER = `
  INSERT INTO onceover.guard (name, table_name, key) SELECT 'g' || n, 'visits',
    '{"parts": [["visitor", "int8"], ["day", "date"]]}' FROM generate_series(0, ${GUARDS - 1}) AS n;
  INSERT INTO onceover.lease (id, worker, expires_at) VALUES (md5('lease')::uuid, 'w', 'infinity');
  INSERT INTO onceover.run (id, guard, policy, state, lease_id, actor, reason, started_at,
      finished_at)
    SELECT md5(n::text)::uuid, 'g' || n % ${GUARDS}, 'skip',
      CASE WHEN n >= ${RUNS - 3} THEN 'running' ELSE 'done' END, md5('lease')::uuid,
      CASE n % 20 WHEN 0 THEN 'ann' ELSE 'cron' END, 'Night ' || n,
      '2025-01-01Z'::timestamptz + n * interval '1 hour',
      CASE WHEN n < ${RUNS - 3} THEN '2025-02-01Z'::timestamptz END
    FROM generate_series(0, ${RUNS - 1}) AS n;
  INSERT INTO onceover.claim (guard, key_hash, key, state, lease_id, grant_id, fence, attempt,
      generation, origin, replaces, run_id, error, claimed_at)
    SELECT 'g' || run % ${GUARDS}, sha256(int8send(n)), jsonb_build_array(n::text, '2025-01-01'),
      state, CASE state WHEN 'claimed' THEN md5('lease')::uuid END, md5('grant')::uuid, 1, 1, 1,
      'new', false, md5(run::text)::uuid, CASE WHEN state = 'failed' THEN 'No answer ' || n END,
      '2025-01-01Z'::timestamptz + run * interval '1 hour'
    FROM (SELECT n, n % ${RUNS} AS run, CASE WHEN n % 100 = 7 THEN 'failed'
        WHEN n % ${RUNS} >= ${RUNS - 3} AND n < 240 THEN 'claimed' ELSE 'done' END AS state
      FROM generate_series(0::bigint, ${CLAIMS - 1}) AS n) AS made;
  INSERT INTO onceover.event (at, run_id, guard, verdict, actor, reason, parts, keys)
    SELECT '2025-01-01Z'::timestamptz + n / 7 * interval '1 s', md5((n % ${RUNS})::text)::uuid,
      'g' || n % ${GUARDS}, CASE n % 50 WHEN 0 THEN 'failed' ELSE 'created' END,
      CASE n % 40 WHEN 0 THEN 'ann' ELSE 'cron' END, CASE n % 50 WHEN 0 THEN 'Boom ' || n END,
      '{visitor,day}', json_build_array(json_build_array(n::text, '2025-01-01'))
    FROM generate_series(0, ${EVENTS - 1}) AS n`

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
  await shop.rows(LEDGER)
  await shop.rows('ANALYZE onceover.claim, onceover.event, onceover.run')
})
afterAll(() => shop.close())

async function walk<Item>(
  read: (options: { after?: string; limit: number }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const found: Item[] = []
  for (let after: string | undefined; ; ) {
    const page = await read(after === undefined ? { limit } : { after, limit })
    found.push(...page.items)
    if (page.next === null) return found
    after = page.next
  }
}

describe('pages', () => {
  test.each([
    ['of all', {}],
    ['of a guard', { guard: 'g1' }],
    ['of a state', { state: 'failed' }],
    ['of what is claimed', { state: 'claimed' }],
    ['of a run and a state', { run: '', state: 'done' }],
    ['of an error', { error: 'ANSWER 1' }],
    ['of a part of the key', { key: { visitor: 4711 } }],
  ] as const)('of claims %s hold what the whole list has, in its order', async (_, wanted) => {
    const [one] = await shop.rows<{ id: string }>(`SELECT md5('59')::uuid AS id`)
    const filter = 'run' in wanted ? { ...wanted, run: one?.id ?? '' } : wanted
    const whole = await shop.once.claims({ ...filter, limit: CLAIMS })
    expect(whole.length).toBeGreaterThan(0)
    const pages = await walk(
      (options) => shop.once.searchClaims({ ...filter, ...options }),
      Math.ceil(whole.length / 3),
    )
    expect(pages.map(({ key }) => key.visitor)).toEqual(whole.map(({ key }) => key.visitor))
    const moments = whole.map(({ claimedAt }) => claimedAt)
    expect(moments).toEqual([...moments].sort().reverse())
  })

  test('are whole: no claim is missing or stands twice', async () => {
    const all = await shop.once.claims({ limit: CLAIMS + 1 })
    expect(all).toHaveLength(CLAIMS)
    expect(new Set(all.map(({ key }) => key.visitor)).size).toBe(CLAIMS)
    expect(await shop.once.claims({ state: 'claimed' })).toHaveLength(12)
  })

  test.each([
    [{ guard: 'g1', actor: 'ann' }],
    [{ state: ['running', 'done'] }],
    [{ guard: 'g0', state: 'running' }],
    [{ reason: 'NIGHT 1', until: '2025-01-02T12:00Z' }],
  ] as const)('of runs %j', async (filter) => {
    const whole = await shop.once.runs(filter)
    expect(whole.length).toBeGreaterThan(0)
    const pages = await walk((options) => shop.once.searchRuns({ ...filter, ...options }), 2)
    expect(pages).toEqual(whole)
  })

  test.each([
    [{ actor: 'ann' }, EVENTS / 40],
    [{ guard: 'g1', verdict: 'failed' }, EVENTS / 150],
    [{ verdict: 'created', reason: 'boom' }, 0],
    [{ reason: 'BOOM 5' }, 23],
    [{ key: { visitor: 4711 } }, 1],
    [{ key: { visitor: '47', day: '2025-01-01' } }, 1],
    [{ key: { visitor: 4711, year: 2025 } }, 0],
  ] as const)('of events %j', async (filter, count) => {
    const whole = await shop.once.events({ ...filter, limit: EVENTS })
    expect(whole).toHaveLength(count)
    const pages = await walk((options) => shop.once.searchEvents({ ...filter, ...options }), 7)
    expect(pages).toEqual(whole)
  })

  test('go on where they were while rows are added', async () => {
    const first = await shop.once.searchEvents({ limit: 5 })
    const before = await shop.once.events({ limit: 10 })
    await shop.rows(`INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
      VALUES (md5('1')::uuid, 'g0', 'created', '{visitor}', '[["none"]]')`)
    const second = await shop.once.searchEvents({ limit: 5, after: first.next ?? '' })
    expect(second.items).toEqual(before.slice(5))
    expect(second.items[4]?.cursor).toBe(second.next)
  })

  test('say how far they searched where they found too little', async () => {
    const page = await shop.once.searchEvents({ key: { visitor: 1 } })
    expect(page).toMatchObject({ items: [], searchedTo: expect.stringMatching(/^2025-01-01T.*Z$/) })
    expect(page.next).not.toBeNull()
    expect(await shop.once.searchEvents({ guard: 'g0', limit: EVENTS })).toMatchObject({
      next: null,
      searchedTo: null,
    })
  })

  test.each(['', 'x', 'WyJydW4iLCIxIl0', btoa('["run","now","1"]'), 7])(
    'refuse %j for a cursor',
    async (after) => {
      const options = { after: after as string }
      for (const list of ['runs', 'claims', 'events', 'repairs'] as const) {
        await expect(shop.once[list](options)).rejects.toMatchObject({ code: 'USAGE' })
      }
    },
  )
})

test('claims that want looking at are counted', async () => {
  const counts = await shop.once.counts()
  expect(Object.keys(counts)).toEqual(['g0', 'g1', 'g2'])
  expect(counts.g0).toEqual({ claimed: 4, failed: 20, exhausted: 0, cancelled: 0 })
  expect(await shop.once.counts(['g1', 'none'])).toEqual({
    g1: expect.objectContaining({ failed: 20 }),
    none: { claimed: 0, failed: 0, exhausted: 0, cancelled: 0 },
  })
})

interface Node {
  readonly Plans?: readonly Node[]
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
}

const rowsRead = (node: Node): number => {
  const own = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  const scanned = node['Relation Name'] === undefined ? 0 : own * node['Actual Loops']
  return (node.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), scanned)
}

describe('a page of 50 reads few rows of a large ledger', () => {
  const all = { after: undefined, states: undefined, limit: 50, look: 500 }
  const cases: readonly (readonly [string, PageSearch, number])[] = [
    ['claims', searchClaims(all), 1500],
    ['claims of a guard', searchClaims({ ...all, guard: 'g1' }), 500],
    ['failed claims', searchClaims({ ...all, state: 'failed' }), 500],
    ['what is claimed', searchClaims({ ...all, state: 'claimed' }), 4000],
    ['claims with an error', searchClaims({ ...all, guard: 'g1', error: 'nowhere' }), 700],
    ['runs', searchRuns({ ...all, guard: 'g1' }), 400],
    ['events', searchEvents(all), 60],
    ['events of an actor', searchEvents({ ...all, actor: 'ann' }), 60],
    ['failures of a guard', searchEvents({ ...all, guard: 'g1', verdict: 'failed' }), 60],
    ['events with a key', searchEvents({ ...all, guard: 'g1', key: '{"visitor":-1}' }), 600],
    ['a reason', searchEvents({ ...all, guard: 'g1', reason: 'nowhere' }), 600],
  ]
  test.each(cases)('%s', async (_, search, most) => {
    const { text, values } = selectPage(search)
    const [row] = await shop.rows<{ 'QUERY PLAN': readonly { Plan: Node }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      [...values],
    )
    const [{ Plan } = { Plan: undefined }] = row?.['QUERY PLAN'] ?? []
    expect(Plan && rowsRead(Plan)).toBeLessThanOrEqual(most)
  })
})

test('completing a claim writes no index', async () => {
  // The statistics of a connection are whole when it has ended.
  const once = await shop.other({ db: shop.database.url })
  const { totals } = await once.run(visiting(), units(1, 200))
  expect(totals).toMatchObject({ created: 200 })
  await once.close()
  const updates = async () => {
    const [row] = await shop.rows<{ updated: number; hot: number }>(
      `SELECT n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables
       WHERE relid = 'onceover.claim'::regclass`,
    )
    return row
  }
  await expect.poll(updates, { timeout: 10_000 }).toEqual({ updated: 200, hot: 200 })
})
