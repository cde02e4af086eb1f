import { afterAll, beforeAll, expect, test } from 'vitest'
import { API } from '../../src/server/api.ts'
import type { Server } from '../../src/server/server.ts'
import { AT, codeOf, openServed, type Served, shifts, visits, writing } from './served.ts'

let served: Served
let open: Server

beforeAll(async () => {
  served = await openServed()
  open = served.serve({ write: true })
})
afterAll(() => served.close())

/** Every row of every table with the transaction that wrote it, and every relation there is. */
async function everything(): Promise<readonly unknown[]> {
  const { pool } = served.database
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('public', 'onceover') ORDER BY 1`,
  )
  const contents = tables.map(async ({ name }) => {
    const { rows } = await pool.query(
      `SELECT xmin::text, each::text FROM ${name} AS each ORDER BY each::text`,
    )
    return [name, rows]
  })
  const { rows: relations } = await pool.query(
    `SELECT oid::int, relname, relfilenode::int FROM pg_class
     WHERE relnamespace IN ('public'::regnamespace, 'onceover'::regnamespace) ORDER BY oid`,
  )
  const { rows: sequences } = await pool.query('SELECT * FROM pg_sequences ORDER BY 1, 2')
  return [...(await Promise.all(contents)), relations, sequences]
}

const QUERIES: Readonly<Record<string, string>> = {
  '/api/guards/:guard/key': '?day=2025-10-01&patient=7',
  '/api/guards/:guard/cell': '?entity=7&period=2025-10-01',
  '/api/guards/:guard/reconcile': '?from=2025-10-01&to=2025-10-03',
  '/api/guards/:guard/scan': '?growth=true',
  '/api/guards/:guard/preflight': '?repair=true&online=true&constraint=true',
}

const BODIES: Readonly<Record<string, object>> = {
  '/api/guards/:guard/preview': { units: [{ key: { day: '2025-10-03', patient: 7 } }] },
  '/api/guards/:guard/selections': { states: ['duplicate'] },
}

/** What the parts of paths are called by: a repair, and a run of rows. */
async function samples(): Promise<{ readonly repair: string; readonly run: string }> {
  const { repair } = await served.once.planRepair(visits)
  const rows = [{ day: '2025-10-09', patient: 1 }]
  const { run = '' } = await served.once.insert(shifts, rows)
  return { repair, run }
}

test('no route that is got changes anything, nor does its HEAD', async () => {
  const { repair, run } = await samples()
  const before = await everything()
  const reads = API.filter(({ route }) => route.method === 'get')
  expect(reads.length).toBeGreaterThan(10)
  const answers: string[] = []
  for (const { path } of reads) {
    const id = path.includes('repairs') ? repair : run
    const place = path.replace(':guard', 'visits').replace(':id', id)
    for (const method of ['GET', 'HEAD']) {
      const url = `${AT}${place}${QUERIES[path] ?? ''}`
      const answer = await open.fetch(new Request(url, { method }))
      answers.push(`${answer.status} ${path}`)
      if (method === 'HEAD') expect(answer.body).toBeNull()
      await answer.body?.cancel()
    }
  }
  expect(answers.filter((each) => !each.startsWith('200'))).toEqual([])
  expect(await everything()).toEqual(before)
})

test('nor does what is asked with a body and needs no right to write', async () => {
  const readOnly = served.serve()
  const before = await everything()
  const asks = API.filter(({ route }) => route.method === 'post' && route.writes === false)
  for (const { path } of asks) {
    const place = path.replace(':guard', 'visits')
    const answer = await readOnly.fetch(writing(place, BODIES[path]))
    expect([path, Math.floor(answer.status / 100)]).toEqual([path, 2])
  }
  expect(await everything()).toEqual(before)
})

test('every other route is refused on a server that is read-only', async () => {
  const readOnly = served.serve()
  const writes = API.filter(({ route }) => route.method === 'post' && route.writes !== false)
  expect(writes.length).toBeGreaterThan(8)
  for (const { path } of writes) {
    const answer = await readOnly.fetch(writing(path.replace(':guard', 'visits')))
    expect([path, await codeOf(answer)]).toEqual([path, '403 WRITE_REFUSED'])
  }
})
