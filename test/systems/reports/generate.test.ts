import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { student } from '../../../systems/reports/fixture.ts'
import { generateMany, generateOne, previewMany } from '../../../systems/reports/generate.ts'
import { INCIDENT_DATE } from '../../../systems/reports/incident.ts'
import { windowOn } from '../../../systems/reports/period.ts'
import { countBatches, readBatch } from '../../../systems/reports/stored.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import { REPORT_TYPES } from '../../../systems/reports/writer.ts'
import { answerMore, type TestSystem, testSystem } from './system.ts'

const STUDENTS = 10
const WEEK = { period: 'weekly', date: INCIDENT_DATE } as const

let system: TestSystem

beforeAll(async () => {
  system = await testSystem(STUDENTS)
})
afterAll(() => system.drop())
beforeEach(() => {
  system.asked.length = 0
})

const generate = (n: number, more: object = {}) =>
  generateOne(system, student(n).id, { ...WEEK, ...more })

const startOf = (n: number) => windowOn('weekly', student(n).timeZone, INCIDENT_DATE).startDate

describe('one student', () => {
  test('gets a batch with the eight reports, in order, and metrics of the rows', async () => {
    const outcome = await generate(0)
    expect(outcome).toMatchObject({
      ...{ outcome: 'created', userId: student(0).id, startDate: startOf(0) },
      ...{ existing: null, reports: 8, oldReports: 0 },
    })
    expect(outcome?.warning).toBeUndefined()
    const stored = await readBatch(system.pool, outcome?.batch ?? '')
    expect(stored?.batch).toMatchObject({ status: 'completed', reports: 8 })
    expect(stored?.reports.map(({ type }) => type)).toEqual([...REPORT_TYPES])
    expect(stored?.batch.summary).toContain(student(0).name)
    expect(system.asked).toHaveLength(8)
    expect(stored?.batch.questions).toBe(system.asked[0]?.metrics.questions)
  })

  test('costs nothing when the data is the same', async () => {
    const first = await generate(0)
    system.asked.length = 0
    const again = await generate(0)
    expect(again).toMatchObject({
      ...{ outcome: 'unchanged', batch: first?.batch, reports: 0, oldReports: 0 },
      existing: { id: first?.batch, status: 'completed' },
      warning: expect.stringContaining(`Batch ${first?.batch} existed (completed)`),
    })
    expect(system.asked).toEqual([])
  })

  test('gets eight new reports in the same batch when the data has changed', async () => {
    const first = await generate(1)
    const before = await readBatch(system.pool, first?.batch ?? '')
    await answerMore(system.pool, 1)
    const again = await generate(1)
    expect(again).toMatchObject({
      ...{ outcome: 'replaced', batch: first?.batch, reports: 8, oldReports: 8 },
      warning: expect.stringContaining('8 old reports were replaced by 8 new ones'),
    })
    const after = await readBatch(system.pool, first?.batch ?? '')
    expect(after?.batch.questions).toBe((before?.batch.questions ?? 0) + 1)
    expect(after?.reports).toHaveLength(8)
    expect(after?.reports).not.toEqual(before?.reports)
  })

  test('is left alone by skip, though the data has changed', async () => {
    await generate(2)
    await answerMore(system.pool, 2)
    system.asked.length = 0
    const outcome = await generate(2, { onDuplicate: 'skip' })
    expect(outcome).toMatchObject({ outcome: 'exists', existing: { status: 'completed' } })
    expect(system.asked).toEqual([])
  })

  test('has a month beside the week; both go on their own', async () => {
    const outcome = await generate(0, { period: 'monthly' })
    expect(outcome).toMatchObject({ outcome: 'created', startDate: '2026-01-01' })
  })

  test('that nobody knows has no outcome', async () => {
    expect(await generateOne(system, student(999).id, WEEK)).toBeUndefined()
  })
})

describe('many students', () => {
  test('are generated in one run, and told apart in the order asked for', async () => {
    await answerMore(system.pool, 1)
    const ids = [student(5).id, student(999).id, student(1).id, student(0).id, student(5).id]
    const { run, totals, outcomes } = await generateMany(system, WEEK, ids)
    expect(run).toEqual(expect.any(String))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...['created', 'unknown-student', 'replaced', 'unchanged', 'collided'],
    ])
    expect(totals).toMatchObject({ created: 1, replaced: 1, reports: 16, oldReports: 8 })
    expect(system.asked).toHaveLength(16)
  })

  test('are all active ones where none is named, as the preview says', async () => {
    await system.pool.query('UPDATE users SET active = false WHERE id = $1', [student(9).id])
    await answerMore(system.pool, 0)
    const before = await countBatches(system.pool)
    const foreseen = await previewMany(system, WEEK)
    expect(await countBatches(system.pool)).toEqual(before)
    expect(system.asked).toEqual([])

    const { totals, outcomes } = await generateMany(system, WEEK)

    expect(outcomes).toHaveLength(STUDENTS - 1)
    expect(
      outcomes.every(({ userId, startDate }, place) => {
        const n = Number.parseInt(userId.slice(-12), 16)
        return startDate === startOf(n) && outcomes[place]?.outcome !== 'failed'
      }),
    ).toBe(true)
    expect(totals).toMatchObject({ created: foreseen.totals.created, failed: 0 })
    expect(totals.replaced).toBe(foreseen.totals.replaced)
    expect(await countBatches(system.pool)).toMatchObject({ incomplete: 0, fewest: 8 })
  })
})

test('a student without a readable time zone is told, and fails no other', async () => {
  // PostgreSQL takes it for an offset of three hours; a calendar it is not.
  await system.pool.query("UPDATE users SET time_zone = 'XYZ-3' WHERE id = $1", [student(8).id])
  expect(await generate(8)).toMatchObject({ outcome: 'invalid', startDate: null, batch: null })
  const { outcomes } = await generateMany(system, WEEK, [student(8).id, student(7).id])
  expect(outcomes).toMatchObject([{ outcome: 'invalid' }, { outcome: 'unchanged' }])
  const { totals, unreadableZones } = await generateMany(system, WEEK)
  expect(unreadableZones).toEqual([{ timeZone: 'XYZ-3', students: 1 }])
  expect(totals).toMatchObject({ failed: 0, invalid: 0 })
})

describe('the writer', () => {
  test('that fails leaves the old eight, and is not paid twice for what it wrote', async () => {
    const first = await generate(3)
    const before = await readBatch(system.pool, first?.batch ?? '')
    await answerMore(system.pool, 3)
    system.asked.length = 0
    let refusing = true
    const moody = system.with({
      ...templateWriter,
      write: async (request, options) => {
        if (refusing && request.type === 'action_plan') throw new Error('out of credit')
        return templateWriter.write(request, options)
      },
    })
    const failed = await generateOne(moody, student(3).id, WEEK)
    expect(failed).toMatchObject({ outcome: 'failed', retryMs: expect.any(Number) })
    expect(await readBatch(system.pool, first?.batch ?? '')).toEqual(before)

    refusing = false
    await forgetBackoff()
    const again = await generateOne(moody, student(3).id, WEEK)
    expect(again).toMatchObject({ outcome: 'replaced', batch: first?.batch, oldReports: 8 })
    const types = system.asked.map(({ type }) => type)
    expect(types.filter((type) => type === 'action_plan')).toHaveLength(2)
    expect(types).toHaveLength(9)
  })

  test('of another version makes all reports new, though the data is the same', async () => {
    await generate(4)
    const next = system.with({ ...templateWriter, version: 'template 2' })
    expect(await generateOne(next, student(4).id, WEEK)).toMatchObject({ outcome: 'replaced' })
    expect(await generateOne(next, student(4).id, WEEK)).toMatchObject({ outcome: 'unchanged' })
  })

  test('that answers something else than a report fails the attempt', async () => {
    const other = system.with({
      version: 'other',
      write: async () =>
        ({ narrative: '', insights: [], recommendations: [], chart: null }) as never,
    })
    expect(await generateOne(other, student(4).id, WEEK)).toMatchObject({ outcome: 'failed' })
  })
})

/** A failed claim may be tried again at once. */
async function forgetBackoff(): Promise<void> {
  await system.pool.query("UPDATE onceover.claim SET retry_at = now() WHERE state = 'failed'")
}
