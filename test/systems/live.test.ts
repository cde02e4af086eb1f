import { fileURLToPath } from 'node:url'
import { type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareWork } from '../../systems/class-sessions/work.ts'
import type { Listening } from '../../systems/listen.ts'
import { liveKeys } from '../../systems/live-keys.ts'
import type { LiveSystem } from '../../systems/live-system.ts'
import {
  closeSystems,
  DASHBOARD,
  examplesOf,
  furnish,
  type LiveSystems,
  startSystems,
} from '../../systems/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const LONG_MS = 60_000

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

let database: TestDatabase
let once: Onceover
let systems: LiveSystems
let server: Listening

beforeAll(async () => {
  database = await testDatabase()
  const { pool, url } = database
  once = await onceover({ db: pool })
  systems = await furnish(
    { once, pool, url },
    {
      reports: {
        weeks: 4,
        writingMs: 60,
        program: [
          pathOf('reports/from-source.mjs'),
          pathOf('../../systems/reports/killed-worker.ts'),
        ],
      },
      sessions: async (tasks) => {
        const works = await Promise.all(tasks.map(prepareWork))
        return Promise.all(works.map((work) => work()))
      },
    },
  )
  server = await startSystems({ once, pool, url }, systems)
}, LONG_MS)
afterAll(async () => {
  await server.close()
  await once.close()
  await closeSystems(systems)
  await database.drop()
})

const fail = (): never => {
  throw new Error('The system has no guard.')
}

const press = (key: string) => {
  const found = liveKeys(systems).find((each) => each.key === key)
  if (!found) throw new Error(`There is no key ${key}.`)
  return found.press()
}

const claims = async (guard: string, state: 'done' | 'failed') =>
  (await once.claims({ guard, state, limit: 1000 })).length

describe('what is planted', () => {
  test('has a story in every matrix', async () => {
    const totals = async (system: LiveSystem) => {
      const [guard] = system.guards
      const generator = system.generators.find((each) => each.guard === guard)
      const matrix = await (generator ? once.matrix(generator) : once.matrix(guard ?? fail()))
      return { ...matrix.totals, expected: matrix.expected }
    }
    const { reports, snapshots, lessons, batches, sessions } = systems
    const written = { missing: 3, failed: 3, skipped: 1, extra: 0, duplicate: 0 }
    expect(await totals(reports)).toMatchObject({ ...written, expected: true })
    expect(await totals(snapshots)).toMatchObject({ missing: 2, failed: 1, extra: 0 })
    expect(await totals(lessons)).toMatchObject({ missing: 2, failed: 1, skipped: 5, extra: 0 })
    expect(await totals(batches)).toMatchObject({ skipped: 2, done: 8, expected: false })
    expect(await totals(sessions)).toMatchObject({ duplicate: 47, expected: false })
  })

  test('leaves the incident as it was found, and no index over it', async () => {
    expect(await systems.sessions.figures()).toMatchObject({
      ...{ onTheDay: 93, distinctOnTheDay: 65, excess: 300, laterSeries: 24 },
    })
    for (const guard of systems.sessions.guards.slice(0, 2)) {
      expect((await once.inspect(guard)).coverage.enforced).toBe(false)
    }
  })

  test('has a run to cancel', async () => {
    const [run] = await once.runs({ guard: 'job-submissions', state: 'running' })
    expect(run?.actor).toBe('night shift')
    await once.cancel(run?.id ?? '', { reason: 'enough', actor: 'test' })
    expect((await once.status(run?.id ?? '')).state).toBe('cancelled')
  })
})

describe('a key does what it says', () => {
  test(
    'k kills a worker, and another finishes what it held',
    async () => {
      const done = await claims('report-batches', 'done')
      const { says } = await press('k')
      // On a Monday the week has not begun for all of them.
      const [, reports] = /^6 students joined, with (\d+) reports to write\./.exec(says) ?? []
      expect(says).toMatch(/worker 1 \(process \d+\) got SIGKILL/)
      const taken = await once.events({ guard: 'report-batches', verdict: 'taken_over' })
      expect(taken.length).toBeGreaterThan(0)
      expect(await claims('report-batches', 'done')).toBe(done + Number(reports))
    },
    LONG_MS,
  )

  test('r asks again for what is there, and all of it is skipped', async () => {
    const failed = await claims('report-batches', 'failed')
    const { says } = await press('r')
    expect(says).toMatch(/: (\d+) of \1 skipped, 0 made\.$/)
    expect(says).toMatch(/^Asked again for \d+ reports, \d+ lessons, \d+ snapshots: /)
    expect(await claims('report-batches', 'failed')).toBe(failed)
  })

  test('f repairs the incident, u takes it back, and d makes more duplicates', async () => {
    expect((await press('u')).says).toContain('No repair is applied')
    const repaired = (await press('f')).says
    expect(repaired).toContain('24 series paused, 300 sessions removed: 93 → 65')
    expect((await press('f')).says).toBe('There is no duplicate to repair.')
    expect((await press('u')).says).toMatch(/^324 rows are as they were: 65 → 93/)
    expect((await press('d')).says).toMatch(/made \d+ sessions: \d+ on .*, where 65 are meant/)
    expect((await press('f')).says).toContain('→ 65')
  })

  test('d is refused by the index where the guard is enforced, and u takes that away', async () => {
    const [sessions] = systems.sessions.guards
    if (!sessions) throw new Error('There is no guard.')
    await once.enforce(sessions)
    expect((await press('d')).says).toMatch(/^The index refused all \d+ sessions/)
    expect((await press('u')).says).toContain('The unique index went first.')
  })
})

const post = async (path: string, body: unknown) => {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: await answer.json(),
  }
}

describe('the server of the systems', () => {
  test('listens on 127.0.0.1 and answers each system under its own path', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const first = []
    const again = []
    const examples = examplesOf(systems)
    for (const { path, body } of examples) first.push((await post(path, body)).status)
    for (const { path, body } of examples) again.push((await post(path, body)).status)
    expect(examples.map(({ path }) => path.split('/')[1])).toEqual([
      'reports',
      'lessons',
      'job-batches',
      'class-sessions',
      'snapshots',
    ])
    expect(first).toEqual([201, 207, 201, 201, 207])
    expect(again).toEqual([200, 207, 409, 200, 207])
  })

  test('shows the dashboard beside them, and leads to it', async () => {
    const { url, status } = await fetch(server.url)
    expect([url, status]).toEqual([`${server.url}${DASHBOARD}/`, 200])
    const about = await fetch(`${server.url}${DASHBOARD}/api`)
    expect(await about.json()).toMatchObject({ environment: 'demo', write: true, schema: 'ready' })
  })

  test('makes a batch from the dashboard with its jobs', async () => {
    const path = `${DASHBOARD}/api/guards/job-batches/rows`
    const rows = [{ configuration_id: 8, batch_type: 'EDM_CREATION' }]
    const asked = { rows, onDuplicate: 'reject', reason: 'from the page', actor: 'ana' }
    expect((await post(path, asked)).body).toMatchObject({ totals: { created: 1 } })
    expect((await post(path, asked)).body).toMatchObject({ code: 'ROWS_REJECTED' })
    expect((await post(path, { ...asked, onDuplicate: 'allow' })).body).toMatchObject({
      totals: { allowed: 1 },
    })
    const { rows: jobs } = await database.pool.query(
      `SELECT count(*)::int AS jobs, max(allow_reason) AS reason FROM irp_job
       JOIN irp_batch ON irp_batch.id = batch_id WHERE configuration_id = 8`,
    )
    expect(jobs[0]).toEqual({ jobs: 6, reason: 'from the page' })
  })

  test('answers errors as problem+json', async () => {
    const answer = await post('/lessons/requests', { groups: 1 })
    expect(answer).toMatchObject({
      status: 400,
      type: 'application/problem+json',
      body: { status: 400, code: 'INPUT_INVALID' },
    })
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
  })

  test('refuses a name that is not its own, as a rebound one would be', async () => {
    const { get } = await import('node:http')
    const status = await new Promise((resolve) => {
      const options = { headers: { host: 'example.com' } }
      get(`${server.url}/lessons/requests/x`, options, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
    })
    expect(status).toBe(421)
  })
})
