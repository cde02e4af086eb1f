import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { installedProject, type Project } from '../installed.ts'

let db: TestDatabase
let project: Project

const CONFIG = `
import { date, guard, text } from 'onceover'
const key = { day: date(), patient: text() }
export default {
  guards: [
    guard('visits', { table: 'visits', key, show: ['status'] }),
    guard('clean', { table: 'clean', key }),
    guard('gone', { table: 'gone', key }),
  ],
}`

beforeAll(async () => {
  ;[db, project] = await Promise.all([testDatabase(), installedProject()])
  await project.write('onceover.config.ts', CONFIG)
  await db.pool.query(`
    CREATE TABLE visits (id int PRIMARY KEY, day date, patient text, status text DEFAULT 'OK');
    INSERT INTO visits VALUES (1, '2025-10-23', 'p1'), (2, '2025-10-23', 'p1'),
      (3, '2025-10-23', 'p1'), (4, '2025-10-23', '日本'), (5, '2025-10-24', 'p1');
    CREATE TABLE clean (id int PRIMARY KEY, day date NOT NULL, patient text NOT NULL);
    CREATE UNIQUE INDEX one_a_day ON clean (day, patient);
    INSERT INTO clean VALUES (1, '2025-10-23', 'p1')`)
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

const scan = (args: readonly string[], env = {}) =>
  project.run(['scan', ...args], { DATABASE_URL: db.url, ...env })

describe('without a configuration', () => {
  const given = ['--table', 'visits', '--key', 'day,patient']

  test('findings end it with 2 and are shown', async () => {
    const { code, stdout, stderr } = await scan(given)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^scanning visits on postgres:\/\/postgres@[^\n]*\n$/)
    expect(stdout).toMatch(/duplicate groups +1\n/)
    expect(stdout).toMatch(/excess rows +2\n/)
    expect(stdout).toContain('day=2025-10-23 patient=p1  id=1  id=2 · id=3')
    expect(stdout).toContain('not_enforced')
  })

  test('--where narrows the rows, and spaces around the columns do not matter', async () => {
    const where = "day > '2025-10-23'"
    const args = ['--json', '--table', 'public.visits', '--key', 'day, patient', '--where', where]
    const { stdout } = await scan(args)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 1, duplicates: { groups: 0 }, where })
  })

  test('--growth says when the excess rows were made, or that it cannot be known', async () => {
    const { stdout } = await scan([...given, '--growth'])
    expect(stdout).toContain('growth is not known: visits has no column that says when')
    await db.pool.query(`CREATE TABLE made (id int PRIMARY KEY, day date, at timestamptz NOT NULL
        DEFAULT now());
      INSERT INTO made SELECT n, '2025-10-23', timestamptz '2025-10-23 07:03Z' + n * interval '1 h'
        FROM generate_series(0, 9) AS n`)
    const made = await scan(['--table', 'made', '--key', 'day', '--growth'])
    expect(made.stdout).toContain('9 excess rows made from 2025-10-23 08:03 to 2025-10-23 16:03')
    expect(made.stdout).toContain('hourly at :03 since 2025-10-23')
    const plain = await scan(['--table', 'made', '--key', 'day', '--json'])
    expect(JSON.parse(plain.stdout)).not.toHaveProperty('growth')
  })

  test('--html writes a page, and findings are told as ever', async () => {
    const { code, stderr, stdout } = await scan([...given, '--html', 'report.html'])
    expect(code).toBe(2)
    expect(stdout).toContain('excess rows')
    expect(stderr).toContain('wrote report.html')
    const page = await readFile(join(project.directory, 'report.html'), 'utf8')
    expect(page).toContain('2 of 5 rows are duplicates')
    expect(page).toContain('uPlot')
    expect(page).not.toContain('postgres:postgres@')
  })

  test.each([['nowhere/report.html'], ['.'], ['']])(
    '--html %j, which cannot be written, ends it with 64 before it scans',
    async (file) => {
      expect(await scan([...given, '--html', file])).toMatchObject({
        code: 64,
        stdout: '',
        stderr: expect.stringContaining('cannot be written'),
      })
    },
  )

  test('a clean table ends it with 0', async () => {
    const { code, stdout } = await scan(['--table', 'clean', '--key', 'day,patient'])
    expect(code).toBe(0)
    expect(stdout).toContain('no findings  one_a_day enforces the key.')
  })

  test('it works where nothing may be written', async () => {
    const url = `${db.url}?options=-c%20default_transaction_read_only%3Don`
    expect(await scan([...given, '--db', url])).toMatchObject({ code: 2 })
  })

  test.each([
    [['--table', 'visits'], 64, 'USAGE'],
    [['--key', 'day'], 64, 'USAGE'],
    [['--where', 'true'], 64, 'USAGE'],
    [['--table', 'visits', '--key', 'day,,patient'], 64, 'USAGE'],
    [['--table', 'visits', '--key', 'day,patient,day'], 64, 'USAGE'],
    [['visits', '--table', 'visits', '--key', 'day'], 64, 'USAGE'],
    [['--table', 'none', '--key', 'day'], 1, 'TABLE_NOT_FOUND'],
    [['--table', 'visits', '--key', 'days'], 1, 'COLUMN_NOT_FOUND'],
    [['--table', 'visits', '--key', 'day', '--where', 'nonsense'], 1, 'EXPRESSION_INVALID'],
    [['--table', 'visits', '--key', 'day', '--db', 'postgres://h:1'], 1, 'DATABASE_UNREACHABLE'],
  ])('%j ends it with %i, %s', async (args, code, name) => {
    const end = await scan(args)
    expect(end).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(name) })
  })
})

describe('with a configuration', () => {
  test('named guards are scanned, one JSON object each', async () => {
    const { code, stdout } = await scan(['visits', 'clean', '--json'])
    expect(code).toBe(2)
    const reports = stdout.trimEnd().split('\n')
    expect(reports.map((line) => JSON.parse(line))).toMatchObject([
      {
        guard: 'visits',
        rows: 5,
        duplicates: {
          groups: 1,
          excess: 2,
          largest: [{ rows: 3, keeper: { id: '1', status: 'OK' } }],
        },
      },
      { guard: 'clean', rows: 1, findings: [] },
    ])
  })

  test('a page names the guards that could not be scanned', async () => {
    expect(await scan(['clean', 'gone', '--html', 'some.html'])).toMatchObject({ code: 3 })
    const page = await readFile(join(project.directory, 'some.html'), 'utf8')
    expect(page).toContain('No duplicates among 1 row')
    expect(page).toContain('TABLE_NOT_FOUND')
    expect(await scan(['gone', '--html', 'none.html'])).toMatchObject({ code: 1 })
    await expect(readFile(join(project.directory, 'none.html'))).rejects.toThrow('ENOENT')
  })

  test('an error of one guard does not keep the others from their turn', async () => {
    const { code, stdout, stderr } = await scan(['--json'])
    expect(code).toBe(3)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { guard: 'visits' },
      { guard: 'clean' },
      { error: { code: 'TABLE_NOT_FOUND' } },
    ])
    expect(stderr).toContain('TABLE_NOT_FOUND')
  })

  test('an error of the database is printed once, not for each guard', async () => {
    const { code, stderr } = await scan(['--db', 'postgres://127.0.0.1:1/shop'])
    expect(code).toBe(1)
    expect(stderr.match(/DATABASE_UNREACHABLE/g)).toHaveLength(1)
  })

  test('no findings end it with 0, and errors alone with the code of the error', async () => {
    expect(await scan(['clean'])).toMatchObject({ code: 0 })
    expect(await scan(['gone'])).toMatchObject({ code: 1 })
  })

  test('a guard that is not there ends it with 64 and the names of those that are', async () => {
    const { code, stderr } = await scan(['visit'])
    expect(code).toBe(64)
    expect(stderr).toContain('Its guards are: visits, clean, gone.')
  })

  test('a configuration without guards says so', async () => {
    await project.write('empty.mjs', 'export default { guards: [] }')
    expect(await scan(['--config', 'empty.mjs'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('empty.mjs exports no guards.'),
    })
  })

  test('`db` of the configuration is used where nothing else is given', async () => {
    const db_ = `export default { db: ${JSON.stringify(db.url)}, guards: [guard('clean', {
      table: 'clean', key: { day: date(), patient: text() } })] }`
    await project.write('with-db.mjs', `import { date, guard, text } from 'onceover'\n${db_}`)
    const args = ['scan', '--config', 'with-db.mjs']
    expect(await project.run(args)).toMatchObject({ code: 0 })
    expect(await project.run(args, { DATABASE_URL: 'postgres://h:1/d' })).toMatchObject({ code: 1 })
    expect(await project.run([...args, '--db', 'nonsense'])).toMatchObject({ code: 64 })
  })
})
