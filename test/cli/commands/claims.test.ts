import { afterAll, beforeAll, expect, test } from 'vitest'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
  const range = ['--range', 'from=2025-10-01,to=2025-10-01']
  await reports.onceover(['run', 'monthly', ...range], { FAIL: '1' })
})
afterAll(() => reports.close())

const claims = (...args: string[]) => reports.onceover(['claims', ...args])

test('claims are listed with their keys and runs whole, and what holds them up', async () => {
  const { code, stdout, stderr } = await claims('--state', 'exhausted')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '1 claim, the latest first.\n' })
  const [first, second, ...rest] = stdout.split('\n')
  expect(first).toBe('day=2025-10-01 student=3  exhausted  reports')
  expect(second).toMatch(/^ {2}\S{19}Z {2}attempt 1 {2}[-0-9a-f]{36}$/)
  expect(rest).toEqual(['  no words', ''])
})

test('claims are chosen by guard, run and parts of the key, and printed as JSON', async () => {
  const [{ run } = {}] = records((await claims('--json')).stdout)
  const chosen = ['--guard', 'reports', '--run', String(run), '--key', '{"student":2}', '--json']
  expect(records((await claims(...chosen)).stdout)).toMatchObject([
    { key: { day: '2025-10-01', student: 2 }, state: 'done', needsReconcile: null },
  ])
  expect(await claims('--guard', 'nobody')).toMatchObject({ code: 0, stdout: 'No claims.\n' })
  expect((await claims('--limit', '2')).stderr).toContain('raise --limit')
})

test.each([
  [['--state', 'over'], 64, 'claimed, done'],
  [['--key', 'day'], 64, '--key day is no JSON'],
  [['--limit', 'all'], 64, '--limit all'],
  [['--run', 'october'], 4, 'RUN_NOT_FOUND'],
])('%j ends it with %i', async (args, code, words) => {
  expect(await claims(...args)).toMatchObject({ code, stderr: expect.stringContaining(words) })
})
