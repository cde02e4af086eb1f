import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openReports, type Reports } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(() => reports.empty())

const RANGE = ['--range', 'from=2025-10-01,to=2025-10-02']
const reconcile = (...args: string[]) => reports.onceover(['reconcile', 'monthly', ...args])

test('what is missing ends it with 2, with counts per period and the keys', async () => {
  await reports.db.pool.query(`INSERT INTO reports (day, student)
    VALUES ('2025-10-01', 1), ('2025-10-01', 2), ('2025-10-01', 3), ('2025-10-02', 9)`)
  const { code, stdout, stderr } = await reconcile(...RANGE)
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^reconciling monthly on postgres:/),
  })
  expect(stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())).toEqual([
    'period expected made missing extra duplicate in flight failed',
    '2025-10-02 3 0 3 1 0 0 0',
    'all 6 3 3 1 0 0 0',
    'and 1 complete period',
    '',
    'missing',
    'day=2025-10-02 student=1',
    'day=2025-10-02 student=2',
    'day=2025-10-02 student=3',
    '',
    'extra',
    'day=2025-10-02 student=9',
    '',
  ])
})

test('of more keys than are shown, --json has all', async () => {
  const { stdout } = await reconcile('--range', 'from=2025-10-01,to=2025-10-02,students=7')
  expect(stdout).toMatch(/\n {2}and 4 more; --json lists them all\n/)
})

test('nothing missing ends it with 0; --by and --json count by another part', async () => {
  await reports.onceover(['run', 'monthly', ...RANGE])
  expect(await reconcile(...RANGE)).toMatchObject({ code: 0 })
  const { code, stdout } = await reconcile(...RANGE, '--by', 'student', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    generator: 'monthly',
    totals: { expected: 6, made: 6 },
    periods: [{ period: 1, made: 2 }, { period: 2 }, { period: 3 }],
    missing: [],
  })
})

test('a part that the key has not, and no range at all, are refused', async () => {
  const part = await reconcile(...RANGE, '--by', 'week')
  expect(part).toMatchObject({ code: 1, stderr: expect.stringContaining('day, student') })
  expect(await reconcile()).toMatchObject({ code: 64, stderr: expect.stringContaining('--range') })
})
