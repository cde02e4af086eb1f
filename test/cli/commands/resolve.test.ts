import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { hasScript, runOnTerminal } from '../installed.ts'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(async () => {
  await reports.empty()
  await reports.project.write('units.json', JSON.stringify({ key: JSON.parse(KEY) }))
  await reports.onceover(['run', 'submitted', '--units', 'units.json'], { LOSE: '1' })
  await reports.onceover(['retry', 'submitted'])
})

const KEY = '{"day":"2025-10-01","student":3}'
const resolve = (...args: string[]) =>
  reports.onceover(['resolve', 'submitted', '--key', KEY, '--step', 'submit', ...args])

async function answerOnRecord() {
  await reports.onceover(['retry', 'submitted'])
  const { rows } = await reports.db.pool.query('SELECT state, answer, calls FROM onceover.step')
  return { made: await reports.count('reports'), step: rows[0] }
}

test.runIf(hasScript)('a parked unit is listed with all that a person must know', async () => {
  const { stdout } = await runOnTerminal(reports.project, ['claims', '--db', reports.db.url])
  const { rows } = await reports.db.pool.query('SELECT error FROM onceover.claim')
  expect(stdout).toContain(`\n  step submit waits for a person: ${rows[0]?.error}\r\n`)
})

test('an answer is recorded, and the unit made with it', async () => {
  const { code, stdout, stderr } = await resolve('--answer', '{"receipt":9}', '--yes')
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'Recorded. The next run makes the unit, or: onceover retry submitted\n',
  })
  expect(stderr).toMatch(/^on postgres:\/\/[^:]+@\S+\n$/)
  expect(await answerOnRecord()).toMatchObject({
    made: 1,
    step: { answer: { receipt: 9 }, calls: 1 },
  })
})

test('a call that was never made is made again', async () => {
  const { stdout } = await resolve('--again', '--yes', '--json')
  expect(records(stdout)).toMatchObject([{ generator: 'submitted', step: 'submit', again: true }])
  expect(await answerOnRecord()).toMatchObject({ made: 1, step: { answer: { receipt: 7 } } })
})

test('off a terminal it asks for --yes and changes nothing', async () => {
  const { code, stderr } = await resolve('--answer', 'null')
  expect(code).toBe(64)
  expect(stderr).toContain(`submitted --key '${KEY}' --step submit --answer null --yes\n`)
  expect(await answerOnRecord()).toMatchObject({ made: 0 })
})

test('a step that waits for nobody ends it with 1', async () => {
  await resolve('--again', '--yes')
  await reports.onceover(['retry', 'submitted'])
  const again = await resolve('--again', '--yes')
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('STEP_INVALID') })
})

test.each([
  [[], 'either --answer or --again'],
  [['--again', '--answer', '1'], 'either --answer or --again'],
  [['--answer', 'nine'], '--answer nine is no JSON'],
])('%j ends it with 64', async (args, words) => {
  const end = await resolve(...args, '--yes')
  expect(end).toMatchObject({ code: 64, stderr: expect.stringContaining(words) })
})
