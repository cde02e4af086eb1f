import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { ended, hasScript, runOnTerminal } from '../installed.ts'
import { openVisits, type Visits } from './visits.ts'

let visits: Visits
const FILE = 'plan.json'

beforeAll(async () => {
  visits = await openVisits()
})
afterAll(() => visits.close())
beforeEach(async () => {
  await visits.empty()
  await visits.onceover(['repair', 'visits', '--plan', FILE, '--force'])
})

const SLEEPERS = `SELECT FROM pg_stat_activity
  WHERE wait_event = 'PgSleep' AND datname = current_database()`

const path = () => join(visits.project.directory, FILE)
const apply = (...args: string[]) => visits.onceover(['apply', FILE, ...args])
const query = (sql: string) => visits.db.pool.query(sql)

test('a plan is applied, and what it came to is shown', async () => {
  const { code, stdout, stderr } = await apply('--yes', '--actor', 'ann')
  expect(stderr).toContain('deletes 3 rows of public.visits; 3 rows of public.lines go to')
  expect(stderr).toContain('To take it back: onceover undo 1')
  expect(stdout).toMatch(/^repair 1 {2}applied in \d+\.\d s\n +rows deleted +3\n/)
  expect(stdout).toMatch(/children sent to keepers +2\n +rows of children deleted +1\n/)
  expect(stdout).toContain('No duplicates are left.')
  expect(code).toBe(0)
  expect(await visits.rows()).toHaveLength(7)
})

test('what was applied is answered again, without a question', async () => {
  await apply('--yes')
  const again = await apply('--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.stdout)).toMatchObject({ state: 'applied', removed: 3, moved: 2 })
  const said = await apply()
  expect(said.stdout).toMatch(/^repair 1 {2}was applied already at \S+Z, nothing was done\n/)
})

test('off a terminal it wants --yes, and changes nothing', async () => {
  const before = await visits.rows()
  for (const args of [[], ['--no-input']]) {
    const end = await apply(...args)
    expect(end).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') })
  }
  expect(await visits.rows()).toEqual(before)
})

test.skipIf(!hasScript)('on a terminal it asks, and anything but yes is no', async () => {
  const before = await visits.rows()
  const end = await runOnTerminal(visits.project, ['apply', FILE, '--db', visits.db.url], 'n')
  expect(end.stdout).toContain('Apply it? [y/N]')
  expect(end).toMatchObject({ code: 4, stdout: expect.stringContaining('Nothing was changed.') })
  expect(await visits.rows()).toEqual(before)
})

test('losers that were left end it with 3, with their reason', async () => {
  await query(`CREATE FUNCTION keep_2() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RETURN CASE WHEN OLD.id = 2 THEN NULL ELSE OLD END; END $$;
    CREATE TRIGGER keep_2 BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION keep_2()`)
  try {
    const { code, stdout, stderr } = await apply('--yes')
    expect(code).toBe(3)
    expect(stdout).toMatch(/left {2}why\n +1 {2}a trigger keeps it\n/)
    expect(stdout).toContain('1 duplicate in 1 group is left.')
    expect(stderr).toContain('onceover repair visits --plan FILE')
  } finally {
    await query('DROP FUNCTION keep_2 CASCADE')
  }
})

test('drift ends it with 4 and says what changed', async () => {
  await query("UPDATE visits SET status = 'SEEN' WHERE id = 3")
  const before = await visits.rows()
  const end = await apply('--yes')
  expect(end).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringContaining('PLAN_DRIFTED'),
  })
  expect(end.stderr).toContain('{"id" : "3"}')
  expect(await visits.rows()).toEqual(before)
})

test.each([
  ['cut short', (text: string) => text.slice(0, 300), 4, 'PLAN_EDITED'],
  ['edited', (text: string) => text.replace('"rows": 3', '"rows": 2'), 4, 'PLAN_EDITED'],
  ['without a field', (text: string) => text.replace(/"digest": [^\n]+\n/, ''), 4, 'PLAN_EDITED'],
  ['some other JSON', () => '{"rows": 3}', 64, 'USAGE'],
  ['a list', () => '[]', 64, 'USAGE'],
  ['of another version', (text: string) => text.replace('repair/1', 'repair/2'), 64, 'USAGE'],
  ['empty', () => '', 4, 'PLAN_EDITED'],
])('a plan that is %s is refused', async (_, edit, code, name) => {
  await writeFile(path(), edit(await readFile(path(), 'utf8')))
  const before = await visits.rows()
  expect(await apply('--yes')).toMatchObject({ code, stderr: expect.stringContaining(name) })
  expect(await visits.rows()).toEqual(before)
})

test.each([
  [['no-such.json'], 'There is no plan in no-such.json'],
  [[FILE, '--batch-ms', '0'], '--batch-ms 0 is out of range'],
  [[FILE, '--wal', 'much'], '--wal much is no size'],
  [[FILE, '--wal', '0MB'], '--wal 0MB is no size'],
])('%j is wrong usage', async (args, words) => {
  const end = await visits.onceover(['apply', ...args, '--yes'])
  expect(end).toMatchObject({ code: 64, stderr: expect.stringContaining(words) })
})

test('of two at once one goes on, and the other is refused', async () => {
  await query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.5); RETURN OLD; END $$;
    CREATE TRIGGER slow BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION slow()`)
  try {
    const both = await Promise.all([apply('--yes'), apply('--yes')])
    expect(both.map(({ code }) => code).sort()).toEqual([0, 4])
    expect(both.find(({ code }) => code === 4)?.stderr).toMatch(
      /REPAIR_TAKEN\n.* is taken: pid \d+ as postgres works on it/,
    )
    expect(await visits.rows()).toHaveLength(7)
  } finally {
    await query('DROP FUNCTION slow CASCADE')
  }
})

test('Ctrl-C stops after the batch that runs, and the same command goes on', async () => {
  await query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.4); RETURN OLD; END $$;
    CREATE TRIGGER slow BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION slow()`)
  try {
    const args = ['apply', FILE, '--yes', '--batch-ms', '1', '--db', visits.db.url]
    const child = visits.project.start(args)
    const ending = ended(child)
    await vi.waitUntil(async () => (await query(SLEEPERS)).rowCount === 1, 30_000)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ending
    expect({ code, stderr }).toMatchObject({ code: 3 })
    expect(stderr).toContain('Stopping after the batch that runs.')
    expect(stderr).toContain(`To go on: onceover apply ${FILE}; to take it back: onceover undo 1`)
    expect(stdout).toMatch(/not applied to its end[\s\S]*rows still to do +[12]\n/)
    await query('DROP FUNCTION slow CASCADE')
    const rest = await apply('--yes')
    expect(rest.code).toBe(0)
    expect(rest.stdout).toMatch(/ {2}applied; [12] rows? in \d+\.\d s, [12] before\n/)
    expect(await visits.rows()).toHaveLength(7)
  } finally {
    await query('DROP FUNCTION IF EXISTS slow CASCADE')
  }
})
