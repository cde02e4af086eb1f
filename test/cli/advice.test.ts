import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openReports, type Reports, records } from './commands/reports.ts'
import { ended } from './installed.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(() => reports.empty())

const LINE = JSON.stringify({ key: { day: '2025-10-01', student: 3 } })
const UNITS = ['--units', 'units.json']
const RANGE = ['--range', 'from=2025-10-01,to=2025-10-01']

const submit = (env = {}) => reports.onceover(['run', 'submitted', ...UNITS], env)

/** Loses the answer of a call twice over: the second attempt knows that there was a first. */
async function parked() {
  await reports.project.write('units.json', LINE)
  await submit({ LOSE: '1' })
  return reports.onceover(['retry', 'submitted'])
}

test('a unit in its pause says how long, and how to go on at once', async () => {
  await reports.project.write('units.json', LINE)
  for (const _ of ['first', 'again']) {
    const { code, stdout, stderr } = await submit({ LOSE: '1' })
    expect(code).toBe(3)
    expect(stdout).toMatch(
      /failed +day=2025-10-01 student=3 +the connection broke; tried again in \d/,
    )
    expect(stderr).toMatch(
      /tried again in \d+ s by the next run, or now by: onceover retry submitted/,
    )
  }
})

test('a unit whose answer was lost waits for a person, now and when it is met again', async () => {
  const hint = [
    '1 unit waits for a person; a retry does not help:',
    '  day=2025-10-01 student=3: The step submit of a unit of reports was called before',
    `onceover resolve submitted --key '{"day":"2025-10-01","student":3}' --step submit --answer`,
    '--again if it was never made',
  ]
  for (const { code, stdout, stderr } of [await parked(), await submit()]) {
    expect(code).toBe(3)
    expect(stdout).toMatch(/failed {2}1\n/)
    for (const words of hint) expect(stderr).toContain(words)
    expect(stderr).not.toContain('onceover retry')
    expect(stderr).not.toContain('run ended')
  }
})

test('units that fail beside it are tried again by retry', async () => {
  await parked()
  const others = [LINE, LINE.replace('3}', '4}')].join('\n')
  await reports.project.write('units.json', others)
  const { stderr } = await submit({ LOSE: '1' })
  expect(stderr).toMatch(/1 unit waits for a person(.|\n)*or now by: onceover retry submitted/)
})

test('the command of the hint, run by a shell, lets the unit be made', async () => {
  const { stderr } = await parked()
  const [, words = ''] = /onceover (resolve .*) JSON/.exec(stderr) ?? []
  const main = `${reports.project.directory}/node_modules/onceover/dist/cli/main.js`
  const command = `'${process.execPath}' '${main}' ${words} '{"receipt":9}' --yes`
  const env = { ...process.env, DATABASE_URL: reports.db.url }
  const cwd = reports.project.directory
  const end = await ended(spawn('sh', ['-c', command], { cwd, env }))
  expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('Recorded.') })
  expect(await submit()).toMatchObject({ code: 0, stdout: expect.stringMatching(/created {2}1/) })
})

test('units that another run has are said to be held, and what to do', async () => {
  const child = reports.project.start(['run', 'monthly', '--db', reports.db.url, ...RANGE], {
    GATE: reports.gate,
  })
  const end = ended(child)
  const claimed = () => reports.count("onceover.claim WHERE state = 'claimed'")
  await expect.poll(claimed, { timeout: 30_000 }).toBe(3)
  const ranged = await reports.onceover(['run', 'monthly', ...RANGE])
  await reports.project.write('units.json', LINE)
  const listed = await reports.onceover(['run', 'monthly', ...UNITS])
  await writeFile(reports.gate, '')
  expect(ranged.code).toBe(3)
  expect(ranged.stdout).toMatch(
    /in flight +day=\S+ student=1 +held by another worker for at most \d/,
  )
  expect(ranged.stderr).toMatch(/Another run has 3 units in flight\. .* run this again\n$/)
  expect(listed.stderr).toMatch(/1 unit in flight\. .* run this again, or wait for it with --wait/)
  expect(await end).toMatchObject({ code: 0 })
})

test('a range that gives no units is warned of, and is no error', async () => {
  const none = ['--range', 'from=2025-10-02,to=2025-10-01']
  for (const more of [[], ['--dry-run']]) {
    const { code, stderr } = await reports.onceover(['run', 'monthly', ...none, ...more])
    expect(code).toBe(0)
    expect(stderr).toContain('warning: the range from=2025-10-02,to=2025-10-01 gave no units')
  }
  const some = await reports.onceover(['run', 'monthly', ...RANGE])
  expect(some.stderr).not.toContain('warning')
})

test('an invalid unit of a list is named with its line', async () => {
  await reports.project.write('units.json', `${LINE}\n\n{"key":{"day":"never","student":1}}\n{}`)
  for (const more of [[], ['--dry-run'], ['--wait', '1s']]) {
    const { stdout } = await reports.onceover(['run', 'monthly', ...UNITS, ...more])
    expect(stdout).toMatch(/invalid .*line 3: /)
    expect(stdout).toMatch(/invalid .*line 4: the unit is not \{ key, input \}/)
  }
  const { stdout } = await reports.onceover(['run', 'monthly', ...UNITS, '--json'])
  expect(records(stdout)).toContainEqual(
    expect.objectContaining({ verdict: 'invalid', reason: expect.stringMatching(/^line 4: /) }),
  )
})
