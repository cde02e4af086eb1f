import { afterAll, expect, test } from 'vitest'
import { holds } from '../../../systems/demo-report.ts'
import { demoWith } from '../../../systems/snapshots/demo.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

const WORKER = new URL('worker-from-source.mjs', import.meta.url)
const databases: TestDatabase[] = []
afterAll(() => Promise.all(databases.map((database) => database.drop())))

async function freshDatabase(): Promise<string> {
  const database = await testDatabase()
  databases.push(database)
  return database.url
}

test('the demo measures 14.2M naive against −1.625M, and puts right what was left', async () => {
  const progress: string[] = []

  const report = await demoWith(WORKER)({
    workers: 4,
    progress: (line) => progress.push(line),
    freshDatabase,
  })

  const measured = report.figures.map(({ what, naive, onceover }) => [
    what.trim(),
    naive?.value,
    onceover?.value,
  ])
  const any = expect.any(Number)
  expect(measured).toEqual([
    ['equity after 4 runs of one day', 14_200_000, -1_625_000],
    ['times its P&L was applied', 4, 1],
    ['snapshots of the day', any, 1],
    ['a run is killed: snapshots of zeros that readers see', 1, 0],
    ['equity after further runs', -6_900_000, -1_625_000],
    ['days blocked for ever by a placeholder', 1, 0],
    ["equity once the fix's placeholder is adopted", undefined, -1_625_000],
    ['placeholders left then', undefined, 0],
    ['breaks in the chain, before and after a replay', any, 0],
    ['equity, before and after', 14_200_000, -1_625_000],
    ['snapshots of the day, before and after', any, 1],
    ['a constraint over duplicates: rows it is refused for', undefined, 5],
    ['kept of a loss and a zero (highest value | ours)', 0, -6_900_000],
    ['kept of four runs and a dead one (latest | ours)', 0, 14_200_000],
    ['kept and warned of: it does not chain', undefined, 1],
    ['rows removed', undefined, 5],
    ['constraints then', undefined, 1],
    ['downgraded: constraints', undefined, 0],
    ['rows not as before, undone', undefined, 0],
    ['redone, then replayed: equity, before and after', 14_200_000, -1_625_000],
    ['breaks left in the chain', undefined, 0],
    ['a book closed by 4 processes: snapshots', any, 108],
    ['portfolios that do not chain', any, 0],
  ])
  for (const { naive, onceover } of report.figures) {
    for (const figure of [naive, onceover]) if (figure) expect(holds(figure)).toBe(true)
  }
  expect(progress.length).toBeGreaterThan(0)
})
