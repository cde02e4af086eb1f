import { type ChildProcess, fork } from 'node:child_process'
import { once as onceOf } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Bench, Findings } from './benchmark.ts'
import type { Figure } from './comparison.ts'
import { FIRST_WEEK, fill, reports, type Sizes, studentsOf, WEEKS } from './server/fixture.ts'
import { type Load, timeRequests } from './server/requests.ts'
import { timeStreams } from './server/streams.ts'
import { rowsFrom } from './sizes.ts'
import { quantile } from './statistics.ts'

const CLAIMS = 100_000
const REQUESTS = 500
const IN_FLIGHT = 50
const CLIENTS = 500
const P99 = 0.99
const BAR_MS = 100
const MEMORY_BAR_MB = 500

const DAY_MS = 86_400_000

const week = (number: number): string =>
  new Date(Date.parse(FIRST_WEEK) + number * 7 * DAY_MS).toISOString().slice(0, 10)

const SPAN = `from=${week(WEEKS - 20)}&to=${week(WEEKS - 1)}`
const MATRIX = `api/guards/reports/matrix?${SPAN}`

/** Every list and matrix query of the dashboard, each over the whole of what there is. */
function loadsOf(sizes: Sizes): readonly Load[] {
  const students = studentsOf(sizes)
  const some = (n: number) => 1 + ((n * 7919) % students)
  return [
    { what: 'guards', path: () => 'api/guards' },
    { what: 'runs', path: () => 'api/runs' },
    { what: 'runs of an actor', path: (n) => `api/runs?guard=reports&actor=cron-${n % 7}` },
    { what: 'claims', path: () => 'api/claims?guard=reports' },
    { what: 'claims, all guards', path: () => 'api/claims' },
    { what: 'claims that failed', path: () => 'api/claims?guard=reports&state=failed' },
    { what: 'claims in flight', path: () => 'api/claims?guard=reports&state=claimed' },
    { what: 'events', path: () => 'api/events' },
    { what: 'events skipped', path: () => 'api/events?guard=reports&verdict=skipped' },
    { what: 'events of an actor', path: (n) => `api/events?actor=cron-${n % 7}` },
    { what: 'repairs', path: () => 'api/repairs' },
    { what: 'matrix', path: (n) => `${MATRIX}&q=${some(n)}` },
    { what: 'matrix, missing', path: () => `${MATRIX}&states=missing,failed` },
    { what: 'cell', path: (n) => `api/guards/reports/cell?entity=${some(n)}&period=${week(180)}` },
    { what: 'key', path: (n) => `api/guards/reports/key?student=${some(n)}&week=${week(180)}` },
  ]
}

async function serve(url: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(fileURLToPath(new URL('./server/serve.ts', import.meta.url)), [url], {
    execArgv: ['--import', 'jiti/register'],
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  const [said] = await Promise.race([onceOf(child, 'message'), onceOf(child, 'exit')])
  if (typeof said?.url === 'string') return { child, url: said.url }
  throw new Error(`The server ended with ${said}.`)
}

const figure = (what: string, value: number, unit: string, bar?: number): Figure => ({
  what,
  value,
  unit,
  sign: '<',
  bar,
  met: bar === undefined ? undefined : value < bar,
})

async function streams({ once, database }: Bench, url: string, clients: number): Promise<Figure> {
  await database.pool.query('INSERT INTO students VALUES (0) ON CONFLICT DO NOTHING')
  const change = () => once.insertOne(reports, { student: 0, week: FIRST_WEEK })
  const ms = await timeStreams(url, clients, change, '"created"')
  return figure(`from a commit until ${clients} pages have heard of it`, ms, 'ms')
}

/**
 * Asks a server that runs in a process of its own for every list and matrix, fifty requests in
 * flight, and lets five hundred pages listen for changes.
 */
export async function serverBenchmark(bench: Bench): Promise<Findings> {
  const claims = rowsFrom('ONCEOVER_BENCH_SERVER_CLAIMS', CLAIMS)
  const events = rowsFrom('ONCEOVER_BENCH_SERVER_EVENTS', Math.ceil(claims / 10))
  const requests = rowsFrom('ONCEOVER_BENCH_SERVER_REQUESTS', REQUESTS)
  const clients = rowsFrom('ONCEOVER_BENCH_SERVER_CLIENTS', CLIENTS)
  const sizes = { claims, events }
  bench.progress(`server: filling ${claims} claims and ${events} events`)
  await fill(bench.database.pool, bench.once, sizes)
  const { child, url } = await serve(bench.url)
  try {
    const figures: Figure[] = []
    bench.progress('server: making the matrix')
    const [cold = 0] = await timeRequests(url, () => MATRIX, { count: 1, inFlight: 1 })
    figures.push(figure('the first matrix of a span', cold, 'ms'))
    for (const { what, path } of loadsOf(sizes)) {
      bench.progress(`server: ${what}`)
      const load = { count: requests, inFlight: IN_FLIGHT, warmUp: 2 * IN_FLIGHT }
      const times = await timeRequests(url, path, load)
      figures.push(figure(`p99 of ${what}`, quantile(times, P99), 'ms', BAR_MS))
    }
    bench.progress('server: streams')
    figures.push(await streams(bench, url, clients))
    child.send('memory')
    const [{ rssMb }] = await onceOf(child, 'message')
    figures.push(figure('resident memory of the server', rssMb, 'MB', MEMORY_BAR_MB))
    return {
      setting: { claims, events, requests, 'requests in flight': IN_FLIGHT, clients },
      comparisons: [],
      figures,
    }
  } finally {
    child.kill()
  }
}
