import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { ended, installedProject, type Project } from './installed.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  ;[db, project] = await Promise.all([testDatabase(), installedProject()])
  await db.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, day date);
    INSERT INTO visits SELECT n, '2025-10-23' FROM generate_series(1, 3) n;
    CREATE FUNCTION slow(date) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_sleep(1000); RETURN true; END'`)
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

describe('help', () => {
  test.each([['help'], ['--help']])(
    'of `onceover %s` goes to stdout and is no error',
    async (arg) => {
      const { code, stdout, stderr } = await project.run([arg])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^Usage: onceover /)
      for (const command of ['scan', 'enforce', 'events', 'migrate', 'uninstall']) {
        expect(stdout).toContain(`\n  ${command} `)
      }
      expect(stdout).toContain('Exit codes: 0 done, 1 error, 2 findings')
    },
  )

  test.each([
    ['help', 'events'],
    ['events', '--help'],
  ])('of one command: `onceover %s %s`', async (...args) => {
    const { code, stdout } = await project.run(args)
    expect(code).toBe(0)
    expect(stdout).toContain('--verdict <verdict>')
  })

  test('stays within 90 columns', async () => {
    const texts = await Promise.all(
      ['', 'scan', 'events', 'uninstall'].map((name) =>
        project.run(['help', name].filter(Boolean)),
      ),
    )
    const options = texts.flatMap(({ stdout }) => stdout.split('\n'))
    expect(options.filter((line) => line.length > 90)).toEqual([])
  })
})

test('--version prints the version of the package', async () => {
  const { code, stdout } = await project.run(['--version'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
})

describe('wrong usage ends with 64 and the usage on stderr', () => {
  test.each([
    ['nothing at all', [], 'Usage: onceover'],
    ['an unknown command', ['scna'], 'Did you mean scan?'],
    ['an unknown option', ['scan', '--tabel', 'x'], '--table'],
    ['an option without its value', ['events', '--limit'], 'Usage: onceover events'],
    ['an argument too many', ['migrate', 'now'], 'Usage: onceover migrate'],
  ])('%s', async (_, args, words) => {
    const { code, stdout, stderr } = await project.run(args)
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toContain(words)
    expect(stderr).toContain('Usage: onceover')
  })

  test('an option before the command says where it stands, and nothing else', async () => {
    const { code, stdout, stderr } = await project.run(['--db', 'postgres://h/shop', 'scan'])
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toBe(
      "error: unknown option '--db'\n" +
        'Options stand behind the command: onceover scan --db ...\n',
    )
  })

  test('and with --json also as an error on stdout', async () => {
    const { code, stdout } = await project.run(['scan', '--json', '--tabel', 'x'])
    expect(code).toBe(64)
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'USAGE',
        message: expect.stringMatching(/^unknown option '--tabel'/),
        fix: expect.any(String),
        details: {},
      },
    })
  })
})

test('a reader that stops reading is no error', async () => {
  await project.run(['migrate', '--db', db.url])
  await db.pool.query(
    `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
     SELECT gen_random_uuid(), 'visits', 'created', '{n}',
            jsonb_build_array(jsonb_build_array(repeat('x', 200)))
     FROM generate_series(1, 5000) n`,
  )
  const child = project.start(['events', '--db', db.url, '--limit', '5000', '--json'])
  const end = ended(child)
  child.stdout?.once('data', () => child.stdout?.destroy())
  expect(await end).toMatchObject({ code: 0, stderr: '' })
})

describe('Ctrl-C during a long scan', () => {
  const sleeping = async (): Promise<number> => {
    const { rowCount } = await db.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
         AND query LIKE '%slow(%' AND pid <> pg_backend_pid()`,
    )
    return rowCount ?? 0
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends it, and its statement on the server (%s)', async (signal, code) => {
    const table = ['--table', 'visits', '--key', 'day', '--where', 'slow(day)']
    const args = ['scan', '--db', db.url, ...table]
    const child = project.start(args)
    const end = ended(child)
    await expect.poll(sleeping, { timeout: 30_000 }).toBe(1)
    child.kill(signal)
    expect(await end).toMatchObject({ code, signal: null, stdout: '' })
    await expect.poll(sleeping, { timeout: 30_000 }).toBe(0)
  })
})

test('a Pool of the configuration does not keep a finished command alive', async () => {
  await project.write('package.json', '{}')
  await project.write(
    'pool.config.mjs',
    `import { createRequire } from 'node:module'
     const pg = createRequire('${project.directory}/node_modules/onceover/x.js')('pg')
     export default {
       db: new pg.Pool({ connectionString: ${JSON.stringify(db.url)}, idleTimeoutMillis: 0 }),
     }`,
  )
  const { code, stderr } = await project.run(['migrate', '--config', 'pool.config.mjs'])
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('on postgres'),
  })
})

test('colour is for terminals: a pipe gets none', async () => {
  const { stdout, stderr } = await project.run(
    ['scan', '--db', db.url, '--table', 'visits', '--key', 'day'],
    { FORCE_COLOR: '1' },
  )
  expect(stdout + stderr).not.toContain('\u001b')
})
