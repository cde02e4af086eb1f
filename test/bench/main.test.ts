import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import type { Report } from '../../bench/report.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const JITI = join(ROOT, 'node_modules/jiti/lib/jiti-cli.mjs')

// Writers are processes that start one after another, on whatever else runs here.
const TIME_LIMIT_MS = 300_000

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const bench = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      ONCEOVER_BENCH_ROWS: '1000',
      ONCEOVER_BENCH_UNITS: '1000',
      ONCEOVER_BENCH_SAVED_UNITS: '20',
      ONCEOVER_BENCH_SCAN_ROWS: '4000',
      ONCEOVER_BENCH_REPAIR_ROWS: '4000',
      ONCEOVER_BENCH_ENFORCE_ROWS: '4000',
      ONCEOVER_BENCH_SERVER_CLAIMS: '2000',
      ONCEOVER_BENCH_SERVER_REQUESTS: '60',
      ONCEOVER_BENCH_SERVER_CLIENTS: '20',
      DATABASE_URL: inject('serverUrl'),
    }
    const command = [JITI, join(ROOT, 'bench/main.ts'), ...args]
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0
      resolve({ code, stdout, stderr })
    })
  })

async function databases(): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: inject('serverUrl') })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
    return rows.map(({ datname }) => datname)
  } finally {
    await client.end()
  }
}

test(
  'all benchmarks run on a given server, and leave nothing behind',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onceover-bench-'))
    const file = join(folder, 'results.json')
    try {
      const { code, stdout, stderr } = await bench('--rounds', '1', '--json', file)
      expect(stderr).not.toContain('error')
      expect(code).toBe(0)
      for (const words of [
        'insert, new keys',
        'insertStream, all duplicates',
        'spread',
        '≤ 1.15',
      ]) {
        expect(stdout).toContain(words)
      }
      const report: Report = JSON.parse(await readFile(file, 'utf8'))
      expect(report.benchmarks.map(({ name }) => name)).toEqual([
        'insert',
        'run',
        'scan',
        'repair',
        'enforce',
        'server',
      ])
      expect(report.machine.settings).toHaveProperty('fsync')
      const [enforce, server] = report.benchmarks.slice(-2)
      expect(enforce?.comparisons.map(({ raw }) => raw.side)).toEqual([
        ...['delete, build concurrently, retry', 'lock, delete, build'],
      ])
      // Without a bar JSON leaves it out.
      expect(enforce?.figures.map(({ unit, bar }) => [unit, bar])).toEqual([
        ...[['ms'], ['builds', 1], ['ms', 500], ['builds'], ['ms'], ['builds'], ['ms']].map(
          ([unit, bar]) => [unit, bar],
        ),
      ])
      expect(enforce?.figures[1]?.what).toContain('until the index stood (it did in 1 of 1)')
      expect(server?.figures.filter(({ bar }) => bar === 100)).toHaveLength(15)
      expect(server?.figures.every(({ value }) => value > 0)).toBe(true)
      expect(report.target).not.toContain(new URL(inject('serverUrl')).password)
      const [own = ''] = /onceover_bench_\w+$/.exec(report.target) ?? []
      expect(own).not.toBe('')
      expect(await databases()).not.toContain(own)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
  TIME_LIMIT_MS,
)

test('JSON on stdout stands alone there; the table moves to stderr', async () => {
  const { code, stdout, stderr } = await bench('scan', '--rounds', '1', '--json', '-')
  expect(code).toBe(0)
  expect((JSON.parse(stdout) as Report).benchmarks).toHaveLength(1)
  expect(stderr).toContain('fastest raw SQL')
})

test('what is no benchmark and no number is a usage error', async () => {
  const runs = [bench('speed'), bench('--rounds', 'many'), bench('--rounds', '0')]
  expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([64, 64, 64])
})
