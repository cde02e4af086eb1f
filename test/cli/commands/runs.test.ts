import { afterAll, beforeAll, expect, test } from 'vitest'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
  const range = (day: number) => ['--range', `from=2025-10-0${day},to=2025-10-0${day}`]
  await reports.onceover(['run', 'monthly', ...range(1), '--actor', 'ana', '--reason', 'backfill'])
  await reports.onceover(['run', 'monthly', ...range(2)], { FAIL: '1' })
})
afterAll(() => reports.close())

test('runs are listed, newest first, with their ids whole', async () => {
  const { code, stdout, stderr } = await reports.onceover(['runs'])
  expect(code).toBe(0)
  const moment = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
  expect(stdout).toMatch(
    new RegExp(
      `^[-0-9a-f]{36}  done  reports\n  ${moment}  2 created, 1 failed\n` +
        `[-0-9a-f]{36}  done  reports\n  ${moment}  3 created  by ana: backfill\n$`,
    ),
  )
  expect(stderr).toContain('2 runs, newest first.')
})

test('runs are chosen, and printed as JSON', async () => {
  const chosen = ['--guard', 'reports', '--state', 'done', '--since', '1d', '--limit', '1']
  const { stdout } = await reports.onceover(['runs', ...chosen, '--json'])
  expect(records(stdout)).toMatchObject([{ guard: 'reports', totals: { failed: 1 } }])
  const none = await reports.onceover(['runs', '--state', 'cancelled'])
  expect(none).toMatchObject({ code: 0, stdout: 'No runs.\n' })
  const unknown = await reports.onceover(['runs', '--state', 'over'])
  expect(unknown).toMatchObject({ code: 64, stderr: expect.stringContaining('crashed') })
})

test('status says how one of them stands', async () => {
  const [{ id } = {}] = records((await reports.onceover(['runs', '--json'])).stdout).slice(1)
  const { code, stdout } = await reports.onceover(['status', String(id)])
  expect(code).toBe(0)
  for (const line of [`run       ${id}`, 'reason    backfill', 'units     3 created']) {
    expect(stdout.split('\n')).toContain(line)
  }
  const json = await reports.onceover(['status', String(id), '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ id, inFlight: 0, range: { from: '2025-10-01' } })
  const unknown = await reports.onceover(['status', 'october'])
  expect(unknown).toMatchObject({ code: 4, stderr: expect.stringContaining('RUN_NOT_FOUND') })
})
