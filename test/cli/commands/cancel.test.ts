import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ended } from '../installed.ts'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(() => reports.empty())

const WHY = ['--reason', 'wrong month', '--actor', 'ana']
const NOBODY = '00000000-0000-4000-8000-000000000000'
const RANGE = ['--range', 'from=2025-10-01,to=2025-10-02']

/** Starts a run whose units wait at the gate. */
async function started() {
  const command = ['run', 'monthly', '--db', reports.db.url, ...RANGE]
  const child = reports.project.start(command, { GATE: reports.gate })
  const end = ended(child)
  const claimed = () => reports.count("onceover.claim WHERE state = 'claimed'")
  await expect.poll(claimed, { timeout: 30_000 }).toBe(6)
  const { rows } = await reports.db.pool.query('SELECT id FROM onceover.run')
  return { end, id: String(rows[0]?.id) }
}

test('a run that works is cancelled, and ends with 3; the keys are free', async () => {
  const { end, id } = await started()
  const { code, stdout } = await reports.onceover(['cancel', id, ...WHY, '--yes'])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'Cancelled. 6 claims ended, and their keys are free.\n',
  })
  expect(await end).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/cancelled in .*\n {2}cancelled +6\n/),
  })
  expect(await reports.count('reports')).toBe(0)
  const status = await reports.onceover(['status', id])
  expect(status.stdout).toMatch(/state {9}cancelled\n(?:.|\n)*cancelled by {2}ana\nbecause +wrong/)
  await writeFile(reports.gate, '')
  expect(await reports.onceover(['run', 'monthly', ...RANGE])).toMatchObject({ code: 0 })
})

test('a run that is over is not, and one that there is not: both end it with 4', async () => {
  const { stdout } = await reports.onceover(['run', 'monthly', ...RANGE, '--json'])
  const id = String(records(stdout).at(-1)?.run)
  const over = await reports.onceover(['cancel', id, ...WHY, '--json'])
  expect(over.code).toBe(4)
  expect(JSON.parse(over.stdout)).toMatchObject({ run: id, cancelled: false, claims: 0 })
  const unknown = await reports.onceover(['cancel', NOBODY, ...WHY, '--yes'])
  expect(unknown).toMatchObject({ code: 4, stderr: expect.stringContaining('RUN_NOT_FOUND') })
})

test('off a terminal it asks for --yes, and always for a reason and an actor', async () => {
  const { end, id } = await started()
  const asked = await reports.onceover(['cancel', id, ...WHY])
  expect(asked).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') })
  const anonymous = await reports.onceover(['cancel', id, '--reason', 'x', '--yes'])
  expect(anonymous).toMatchObject({ code: 64, stderr: expect.stringContaining('--actor') })
  await writeFile(reports.gate, '')
  expect(await end).toMatchObject({ code: 0 })
})
