import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Measurements, measure, report } from '../../../systems/class-sessions/demo.ts'
import { TRIAL } from '../../../systems/class-sessions/trials.ts'
import { prepareWork } from '../../../systems/class-sessions/work.ts'
import { type DemoContext, holds } from '../../../systems/demo-report.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

const WORKERS = 3

let measured: Measurements
const databases: TestDatabase[] = []

const context: DemoContext = {
  workers: WORKERS,
  progress: () => {},
  freshDatabase: async () => {
    const database = await testDatabase()
    databases.push(database)
    return database.url
  },
}

beforeAll(async () => {
  // The workers' own work with pools of their own; the processes around it are the compiled demo's.
  measured = await measure(context, async (tasks) => {
    const ready = await Promise.all(tasks.map(prepareWork))
    return Promise.all(ready.map((work) => work()))
  })
})

afterAll(() => Promise.all(databases.map((database) => database.drop())))

describe('the demo', () => {
  test('sees the naive table grow with every hour and worker, the guarded one not at all', () => {
    const { wanted, sessions } = measured.guarded.hourly
    expect(wanted).toBeGreaterThan(TRIAL.series)
    expect(sessions).toEqual(Array(TRIAL.hours).fill(wanted))
    expect(measured.naive.unchecked.sessions).toEqual(
      Array.from({ length: TRIAL.hours }, (_, hour) => wanted * WORKERS * (hour + 1)),
    )
  })

  test('finds every skip in the audit', () => {
    const { wanted, created, skipped, recorded } = measured.guarded.hourly
    expect(created).toBe(wanted)
    expect(skipped).toBe(wanted * (WORKERS * TRIAL.hours - 1))
    expect(recorded).toBe(skipped)
  })

  test('makes one series of equal requests, where the naive code makes several', () => {
    expect(measured.guarded.requests).toEqual({
      requests: WORKERS,
      series: 1,
      created: 1,
      skipped: WORKERS - 1,
    })
    expect(measured.naive.requests.series).toBeGreaterThan(1)
  })

  test('repairs the incident, takes it back row for row, and does it again', () => {
    const { repaired, redone, indexes, indexesLeft, again, differing } = measured.repair
    for (const { paused, removed, after } of [repaired, redone]) {
      expect({ paused, removed }).toEqual({ paused: 24, removed: 300 })
      expect(after).toMatchObject({ onTheDay: 65, confirmedAfter: 62, conflictedAfter: 3 })
    }
    expect({ indexes, indexesLeft, differing }).toEqual({
      indexes: 4,
      indexesLeft: 0,
      differing: 0,
    })
    expect(again.created).toBe(0)
    expect(again.skipped).toBeGreaterThan(65)
  })

  test('reports figures that are what they must be', () => {
    const { figures } = report(context, measured)
    const wrong = figures
      .flatMap(({ what, naive, onceover }) => [naive, onceover].map((side) => ({ what, side })))
      .filter(({ side }) => side !== undefined && !holds(side))
    expect(wrong).toEqual([])
  })
})
