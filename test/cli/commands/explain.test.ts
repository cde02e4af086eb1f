import { afterAll, beforeAll, expect, test } from 'vitest'
import { openReports, type Reports, records } from './reports.ts'

const CONFIG = ['--config', 'onceover.config.ts']
const LINE =
  '2025-10-23 20:00:01.123 UTC [42] ERROR:  duplicate key value violates unique constraint ' +
  '"reports_day_student_key"\n' +
  '2025-10-23 20:00:01.123 UTC [42] DETAIL:  Key (day, student)=(2025-10-01, 2) already exists.\n'

let reports: Reports
beforeAll(async () => {
  reports = await openReports()
  const run = ['run', 'monthly', '--range', 'from=2025-10-01,to=2025-10-01']
  await reports.onceover([...run, '--actor', 'ana', '--reason', 'month end'])
  await reports.onceover([...run, '--actor', 'ben'])
  await reports.project.write('error.log', LINE)
})
afterAll(() => reports.close())

const explain = (...args: string[]) => reports.onceover(['explain', ...args])

test('a line of a log is explained: what stands, its maker, the cause, what to do', async () => {
  const { code, stdout } = await explain('--error', 'error.log')
  expect(code).toBe(0)
  expect(stdout).toContain('attempted   day=2025-10-01 student=2')
  expect(stdout).toMatch(/existing {4}id=\d+/)
  expect(stdout).toMatch(/made by {5}run [-0-9a-f]{36} by ana: month end/)
  expect(stdout).toContain('fix  ')
  expect(stdout).toContain('the other causes')
})

test('it is printed as JSON', async () => {
  const { code, stdout } = await explain('--error', 'error.log', '--json')
  expect(code).toBe(0)
  const [told] = records(stdout)
  expect(told).toMatchObject({
    guard: 'reports',
    constraint: 'reports_day_student_key',
    table: 'public.reports',
    attempted: { day: '2025-10-01', student: '2' },
    madeBy: { actor: 'ana', reason: 'month end' },
  })
  expect(told?.others).toHaveLength(6)
})

test('a key is explained: its row, its maker, its claim, who was turned away', async () => {
  const key = '{"day":"2025-10-01","student":2}'
  const { code, stdout } = await explain('--guard', 'reports', '--key', key)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^day=2025-10-01 student=2 {2}reports {2}public\.reports\n/)
  expect(stdout).toMatch(/made by {5}run [-0-9a-f]{36} by ana: month end/)
  expect(stdout).toMatch(/claim {7}done/)
  expect(stdout).toMatch(/1 attempt turned away.*\n {2}\S+Z {2}skipped {2}run [-0-9a-f]{36} by ben/)
  const free = await explain('--guard', 'reports', '--key', '{"day":"2025-11-01","student":2}')
  expect(free.stdout).toContain('no row has this key')
  const json = await explain('--guard', 'reports', '--key', key, '--json')
  expect(records(json.stdout)).toMatchObject([
    { key: { day: '2025-10-01', student: 2 }, turnedAway: [{ actor: 'ben', verdict: 'skipped' }] },
  ])
})

test('of a key with several rows the one to keep is told from the duplicates', async () => {
  const { pool } = reports.db
  await pool.query('ALTER TABLE reports DROP CONSTRAINT reports_day_student_key')
  await pool.query(
    `INSERT INTO reports (day, student) SELECT '2025-10-09', 5 FROM generate_series(1, 8)`,
  )
  const key = '{"day":"2025-10-09","student":5}'
  const { stdout } = await explain('--guard', 'reports', '--key', key)
  expect(stdout).toMatch(
    /too many {4}8 rows, duplicates: also id=\d+, id=\d+, id=\d+, id=\d+, id=\d+; and 2 more\n/,
  )
  expect(stdout).toContain('  fix  onceover repair reports --plan FILE\n')
})

test.each([
  [[], 64, 'Either --error is needed'],
  [['--error', 'error.log', '--guard', 'reports'], 64, '--error says it all'],
  [['--error', 'none.log'], 64, 'There is no file none.log'],
  [['--guard', 'nobody', '--key', '{}'], 64, 'no guard called nobody'],
  [['--guard', 'reports', '--key', '{"day":"never","student":2}'], 1, 'UNIT_INVALID'],
  [['--error', 'onceover.config.ts'], 1, 'NOT_A_DUPLICATE'],
  [['--error', 'other.log'], 1, 'CONSTRAINT_NOT_FOUND'],
])('%j ends it with %i', async (args, code, words) => {
  await reports.project.write('other.log', LINE.replace('reports_day', 'other_day'))
  expect(await explain(...CONFIG, ...args)).toMatchObject({
    code,
    stderr: expect.stringContaining(words),
  })
})
