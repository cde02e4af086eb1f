import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { hasScript, runOnTerminal } from '../installed.ts'
import { openVisits, type Visits } from './visits.ts'

let visits: Visits
let before: readonly string[]

beforeAll(async () => {
  visits = await openVisits()
})
afterAll(() => visits.close())
beforeEach(async () => {
  await visits.empty()
  before = await visits.rows()
  await visits.onceover(['repair', 'visits', '--plan', 'plan.json', '--force'])
  await visits.onceover(['apply', 'plan.json', '--yes'])
})

const undo = (...args: string[]) => visits.onceover(['undo', '1', ...args])

test('rows and children come back, and what was put back is shown', async () => {
  const { code, stdout, stderr } = await undo('--yes', '--actor', 'ann')
  expect(stderr).toContain('will put back 4 rows and give 2 rows their old values.')
  expect(stdout).toMatch(
    /^repair 1 {2}undone\n +rows put back +4\n +rows with their old values +2\n/,
  )
  expect(code).toBe(0)
  expect(await visits.rows()).toEqual(before)
  expect(await visits.repairs()).toEqual(['undone'])
})

test('a second time it is refused, and so is the plan', async () => {
  await undo('--yes')
  expect(await undo()).toMatchObject({ code: 4, stderr: expect.stringContaining('REPAIR_UNDONE') })
  const apply = await visits.onceover(['apply', 'plan.json'])
  expect(apply).toMatchObject({ code: 4, stderr: expect.stringContaining('REPAIR_UNDONE') })
  expect(await visits.rows()).toEqual(before)
})

test('children that were changed since stay, and end it with 3', async () => {
  await visits.db.pool.query('UPDATE lines SET visit_id = 6 WHERE id = 3')
  const { code, stdout } = await undo('--yes', '--json')
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({ restored: 4, reverted: 1, changedSince: 1 })
})

test('off a terminal it wants --yes', async () => {
  const applied = await visits.rows()
  const end = await undo()
  expect(end).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/onceover undo .*1 --yes\n/),
  })
  expect(await visits.rows()).toEqual(applied)
})

test.skipIf(!hasScript)('on a terminal it asks', async () => {
  const end = await runOnTerminal(visits.project, ['undo', '1', '--db', visits.db.url], 'n')
  expect(end).toMatchObject({ code: 4, stdout: expect.stringContaining('Undo it? [y/N]') })
  expect(await visits.repairs()).toEqual(['applied'])
})

test.each(['7', 'x', ''])('%j is no repair', async (id) => {
  const end = await visits.onceover(['undo', id, '--yes'])
  expect(end).toMatchObject({ code: 4, stderr: expect.stringContaining('REPAIR_NOT_FOUND') })
})

test('while the index stands it is refused, and nothing is changed', async () => {
  await visits.onceover(['enforce', 'visits'])
  const applied = await visits.rows()
  const end = await undo('--yes')
  expect(end).toMatchObject({ code: 4, stderr: expect.stringContaining('UNDO_BLOCKED') })
  expect(end.stderr).toContain('onceover enforce visits --drop')
  expect(await visits.rows()).toEqual(applied)
})

test('with --drop the index goes first, and its statement is shown', async () => {
  await visits.onceover(['enforce', 'visits'])
  const { code, stderr } = await undo('--yes', '--drop')
  expect(stderr).toMatch(/DROP INDEX CONCURRENTLY .*ux_visits/)
  expect(code).toBe(0)
  expect(await visits.rows()).toEqual(before)
})

test.skipIf(!hasScript)('on a terminal it offers to drop the index', async () => {
  await visits.onceover(['enforce', 'visits'])
  const args = ['undo', '1', '--db', visits.db.url]
  const end = await runOnTerminal(visits.project, args, 'y', 'y')
  expect(end.stdout).toContain('admits no duplicates. Drop it, and undo? [y/N]')
  expect(end.code).toBe(0)
  expect(await visits.rows()).toEqual(before)
})
