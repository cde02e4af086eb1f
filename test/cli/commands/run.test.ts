import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ended, hasScript, SCRIPT } from '../installed.ts'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(() => reports.empty())

const RANGE = ['--range', 'from=2025-10-01,to=2025-10-02']
const unit = (day: number, student: number) => ({ key: { day: `2025-10-0${day}`, student } })

describe('a range', () => {
  test('is made once, and skipped the second time', async () => {
    const first = await reports.onceover(['run', 'monthly', ...RANGE])
    expect(first).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^on postgres:\/\/[^:]+@\S+\nrun [-0-9a-f]{36}\n$/),
      stdout: expect.stringMatching(/^run [-0-9a-f]{36} {2}done in [\d.]+ s\n {2}created {2}6\n$/),
    })
    const again = await reports.onceover(['run', 'monthly', ...RANGE])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/\n {2}skipped {2}6\n$/) })
    expect(await reports.count('reports')).toBe(6)
  })

  test('may be JSON, with reason, actor and concurrency', async () => {
    const range = JSON.stringify({ from: '2025-10-01', to: '2025-10-01', students: 5 })
    const by = ['--reason', 'backfill', '--actor', 'ana', '--concurrency', '2']
    const { code } = await reports.onceover(['run', 'monthly', '--range', range, ...by])
    expect(code).toBe(0)
    const { rows } = await reports.db.pool.query('SELECT reason, actor, range FROM onceover.run')
    expect(rows).toEqual([{ reason: 'backfill', actor: 'ana', range: JSON.parse(range) }])
    expect(await reports.count('reports')).toBe(5)
  })

  test('may be tried dry: nothing is written', async () => {
    const { code, stdout } = await reports.onceover(['run', 'monthly', ...RANGE, '--dry-run'])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/created +6/) })
    expect([await reports.count('reports'), await reports.count('onceover.run')]).toEqual([0, 0])
    const json = await reports.onceover(['run', 'monthly', ...RANGE, '--dry-run', '--json'])
    expect(records(json.stdout)).toHaveLength(7)
  })
})

test('--json prints verdicts as they fall, and the totals', async () => {
  const { code, stdout } = await reports.onceover(['run', 'monthly', ...RANGE, '--json'])
  expect(code).toBe(0)
  const all = records(stdout)
  expect(all).toHaveLength(7)
  expect(all[0]).toMatchObject({ verdict: 'created', key: { student: expect.any(Number) } })
  expect(all.at(-1)).toMatchObject({ state: 'done', totals: { rows: 6, created: 6 } })
})

test('units that fail end it with 3, are named, and are made by retry', async () => {
  const failed = await reports.onceover(['run', 'monthly', ...RANGE], { FAIL: '1' })
  expect(failed).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(
      /created {2}4\n {2}failed {3}2\n(?:.|\n)*day=2025-10-01 student=3/,
    ),
    stderr: expect.stringContaining('onceover retry monthly'),
  })
  const [, id = ''] = /^run (\S+)/.exec(failed.stdout) ?? []
  const retried = await reports.onceover(['retry', 'monthly', '--run', id, '--json'])
  expect(retried.code).toBe(0)
  expect(records(retried.stdout).at(-1)).toMatchObject({ totals: { created: 2, rows: 2 } })
  const nothing = await reports.onceover(['retry', 'monthly'])
  expect(nothing).toMatchObject({ code: 0, stdout: expect.stringContaining('no units') })
})

test('retry makes the missing units of a range too', async () => {
  await reports.onceover(['run', 'monthly', ...RANGE], { FAIL: '1' })
  const range = ['--range', 'from=2025-10-01,to=2025-10-03']
  const { code, stdout } = await reports.onceover(['retry', 'monthly', ...range, '--json'])
  expect(code).toBe(0)
  expect(records(stdout).at(-1)).toMatchObject({ totals: { created: 5 } })
  expect(await reports.count('reports')).toBe(9)
})

describe('units', () => {
  const file = (content: string) => reports.project.write('units.json', content)
  const run = (...args: string[]) =>
    reports.onceover(['run', 'monthly', '--units', 'units.json', '--json', ...args])

  test.each([
    ['one per line', `${JSON.stringify(unit(1, 1))}\n\n${JSON.stringify(unit(1, 2))}`],
    ['an array', JSON.stringify([unit(1, 1), unit(1, 2)], null, 2)],
  ])('are read from a file: %s', async (_, content) => {
    await file(content)
    const { code, stdout } = await run()
    expect({ code, last: records(stdout).at(-1) }).toMatchObject({
      code: 0,
      last: { totals: { created: 2 } },
    })
  })

  test('are read from standard input', async () => {
    const main = `${reports.project.directory}/node_modules/onceover/dist/cli/main.js`
    const args = [main, 'run', 'monthly', '--units', '-', '--db', reports.db.url]
    const child = spawn(process.execPath, args, {
      cwd: reports.project.directory,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const end = ended(child)
    child.stdin.end(JSON.stringify(unit(1, 1)))
    expect(await end).toMatchObject({ code: 0, stdout: expect.stringMatching(/created {2}1/) })
  })

  test('that exist end it with 4 under --on-duplicate reject, and nothing is made', async () => {
    await file(JSON.stringify([unit(1, 1)]))
    await run()
    await file(JSON.stringify([unit(1, 1), unit(1, 2)]))
    const { code, stdout } = await run('--on-duplicate', 'reject')
    expect(code).toBe(4)
    expect(stdout).toContain('ROWS_REJECTED')
    expect(await reports.count('reports')).toBe(1)
  })

  test('whose input breaks off end it with the line, and what is made stays', async () => {
    await file(`${JSON.stringify(unit(1, 1))}\n{"key":`)
    const { code, stderr } = await run()
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /SOURCE_FAILED\nwhat {3}Line 2 of units\.json is no JSON; 1 unit came before it\./,
      ),
    })
    const { rows } = await reports.db.pool.query('SELECT state FROM onceover.run')
    expect(rows).toEqual([{ state: 'stopped' }])
  })
})

test.runIf(hasScript)('on a terminal a live line shows the progress', async () => {
  const main = `${reports.project.directory}/node_modules/onceover/dist/cli/main.js`
  const command = [process.execPath, main, 'run', 'monthly', '--db', reports.db.url, ...RANGE]
  const quoted = command.map((word) => `'${word}'`).join(' ')
  const child = spawn(SCRIPT, ['-qec', quoted, '/dev/null'], {
    cwd: reports.project.directory,
    env: { ...process.env, GATE: reports.gate, TERM: 'xterm', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const end = ended(child)
  child.stdout.on('data', (text: Buffer) => {
    if (/\d+s {2}.*6 running/.test(text.toString())) writeFileSync(reports.gate, '')
  })
  const { code, stdout } = await end
  expect(code).toBe(0)
  expect(stdout).toContain('6 running\r\u001b[K')
  expect(stdout).toMatch(/done in [\d.]+ s\r\n {2}created {2}6\r\n$/)
})

describe('a signal', () => {
  const claimed = () => reports.count("onceover.claim WHERE state = 'claimed'")
  const start = (args: readonly string[] = []) => {
    const command = ['run', 'monthly', '--db', reports.db.url, ...RANGE, '--concurrency', '2']
    return reports.project.start([...command, ...args], { GATE: reports.gate })
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s finishes what runs and gives the rest back; resume goes on',
    async (signal) => {
      const child = start()
      const end = ended(child)
      await expect.poll(claimed, { timeout: 30_000 }).toBe(6)
      child.stderr?.on('data', (text: Buffer) => {
        if (text.includes('Stopping')) writeFileSync(reports.gate, '')
      })
      child.kill(signal)
      const { code, stdout, stderr } = await end
      expect({ code, stdout }).toMatchObject({
        code: 3,
        stdout: expect.stringMatching(/stopped in .*\n {2}created +\d\n {2}given back +\d\n$/),
      })
      expect(stderr).toContain('Stopping')
      expect(await claimed()).toBe(0)
      const made = await reports.count('reports')
      const [, id = ''] = /resume monthly (\S+)/.exec(stderr) ?? []
      expect((await reports.onceover(['status', id])).stdout).toContain(`${6 - made} given back`)
      const resumed = await reports.onceover(['resume', 'monthly', id, '--json'])
      expect({ code: resumed.code, last: records(resumed.stdout).at(-1) }).toMatchObject({
        code: 0,
        last: { run: id, state: 'done', totals: { created: 6 - made } },
      })
      expect(await reports.count('reports')).toBe(6)
    },
  )

  test('ends it at once when it comes again', async () => {
    const child = start()
    const end = ended(child)
    await expect.poll(claimed, { timeout: 30_000 }).toBe(6)
    child.stderr?.on('data', (text: Buffer) => {
      if (text.includes('Stopping')) child.kill('SIGTERM')
    })
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 143 })
  })

  test('is what a closed pipe comes to', async () => {
    const child = start(['--json'])
    const end = ended(child)
    await expect.poll(claimed, { timeout: 30_000 }).toBe(6)
    child.stdout?.destroy()
    await writeFile(reports.gate, '')
    expect(await end).toMatchObject({ signal: null })
    expect(await claimed()).toBe(0)
  })
})

describe('wrong usage ends with 64', () => {
  test.each([
    ['neither a range nor units', [], 'either --range or --units'],
    ['both', [...RANGE, '--units', 'x'], '--range and --units are two sources'],
    ['a range with a name twice', ['--range', 'month=a,month=b'], 'month is given twice'],
    ['a range that is none', ['--range', 'october'], 'neither a JSON object nor'],
    ['a range of broken JSON', ['--range', '{"from":'], 'neither a JSON object nor'],
    ['a file that is not there', ['--units', 'none.json'], 'no file none.json'],
    ['another policy', [...RANGE, '--on-duplicate', 'allow'], 'skip, replace or reject'],
    ['a range to wait for', [...RANGE, '--wait', '1m'], 'goes through the units twice'],
    ['a word for a number', [...RANGE, '--concurrency', 'many'], 'not a whole number'],
    ['no unit at once', [...RANGE, '--concurrency', '0'], 'from 1 to 1000'],
    ['a span that is none', ['--units', 'onceover.config.ts', '--wait', 'soon'], 'no JSON'],
  ])('%s', async (_, args, words) => {
    const { code, stderr } = await reports.onceover(['run', 'monthly', ...args])
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining(words) })
  })

  test('a generator that the configuration has not', async () => {
    const { code, stderr } = await reports.onceover(['run', 'weekly', ...RANGE])
    expect({ code, stderr }).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('Its generators are: monthly, submitted.'),
    })
  })
})
