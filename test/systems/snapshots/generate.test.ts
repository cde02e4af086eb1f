import { onceover } from 'onceover'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bookPortfolio, plantBook } from '../../../systems/snapshots/book.ts'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import {
  type ClosedDay,
  closeDays,
  snapshotGenerator,
} from '../../../systems/snapshots/generate.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { closeDayInsertFirst, closeDayNaively } from '../../../systems/snapshots/naive.ts'
import { selectSnapshots } from '../../../systems/snapshots/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

const portfolioIds = [INCIDENT_PORTFOLIO]
const day = { portfolioId: INCIDENT_PORTFOLIO, day: INCIDENT_DAY }
const theDay = { from: INCIDENT_DAY, until: INCIDENT_DAY, portfolioIds }
const asked = { actor: 'cron', reason: 'end of day' }

let system: TestSystem
beforeEach(async () => {
  system = await testSystem()
})
afterEach(() => system.drop())

const close = (days = theDay) => closeDays(system, days, asked)
const breaks = () => listBreaks(system.pool)

test('the first run closes a day; the others skip it and leave the equity alone', async () => {
  const [first] = await close()
  expect(first).toMatchObject({ day: INCIDENT_DAY, state: 'done', created: 1, behind: [] })
  for (let run = 0; run < 3; run++) {
    expect(await close()).toMatchObject([{ created: 0, skipped: 1, behind: [] }])
  }
  expect(await system.equity()).toBe('-1625000')
  expect(await breaks()).toEqual([])
})

test('a run by the name of one unit tells what it left', async () => {
  const unit = { key: { portfolio_id: INCIDENT_PORTFOLIO, snapshot_date: INCIDENT_DAY } }
  const generator = snapshotGenerator(system.pool)
  expect(await system.once.runOne(generator, unit)).toMatchObject({
    verdict: 'created',
    result: { netAssetValue: '-1625000' },
  })
  expect(await system.once.runOne(generator, unit)).toMatchObject({ verdict: 'skipped' })
  expect(await system.equity()).toBe('-1625000')
})

test('a range is closed day after day, over a weekend and a holiday', async () => {
  const book = { portfolios: 3, from: '2025-11-20', until: '2025-12-01' }
  await plantBook(system.pool, book)
  const ids = [1, 2, 3].map(bookPortfolio)
  const closed = await close({ ...book, portfolioIds: ids })
  expect(closed.map(({ day, created }) => [day, created])).toEqual(
    ['20', '21', '24', '25', '26', '28']
      .map((each) => [`2025-11-${each}`, 3])
      .concat([['2025-12-01', 3]]),
  )
  expect(await listBreaks(system.pool, ids)).toEqual([])
})

test('a stopped run begins no further day', async () => {
  const stop = new AbortController()
  stop.abort()
  const range = { ...theDay, until: '2025-11-18' }
  const closed = await closeDays(system, range, { ...asked, signal: stop.signal })
  expect(closed).toMatchObject([{ day: INCIDENT_DAY, state: 'stopped', created: 0 }])
  expect(await system.equity()).toBe('-6900000')
})

test('a missing price stops one portfolio, names the price, and waits for a retry', async () => {
  const from = '2025-11-17'
  const until = '2025-11-18'
  await plantBook(system.pool, { portfolios: 1, from, until })
  await system.pool.query(`DELETE FROM prices WHERE symbol = 'ACME' AND day = $1`, [INCIDENT_DAY])
  const both = { from, until, portfolioIds: [INCIDENT_PORTFOLIO, bookPortfolio(1)] }

  const [first, second] = await close(both)
  expect(first).toMatchObject({
    created: 1,
    behind: [
      {
        portfolioId: INCIDENT_PORTFOLIO,
        verdict: 'failed',
        reason: expect.stringContaining('ACME on 2025-11-17'),
      },
    ],
  })
  expect(second).toMatchObject({ created: 1, behind: [] })
  expect(await system.equity()).toBe('-6900000')

  await system.pool.query(`INSERT INTO prices VALUES ('ACME', $1, 115)`, [INCIDENT_DAY])
  const generator = snapshotGenerator(system.pool)
  await system.once.retry(generator, { run: String(first?.run) })
  expect(await system.equity()).toBe('-1625000')
  await close(both)
  expect(await system.equity()).toBe('-1790000.03')
  expect(await breaks()).toEqual([])
})

test('the placeholder of a crash is no snapshot: it is adopted, and keeps its id', async () => {
  const crash = async () => {
    throw new Error('crashed')
  }
  await expect(closeDayInsertFirst(system.pool, day, crash)).rejects.toThrow('crashed')
  const { rows } = await system.pool.query(
    'SELECT id FROM portfolio_snapshots WHERE NOT is_complete',
  )
  const visible = await selectSnapshots(system.pool, INCIDENT_PORTFOLIO)
  expect(visible.map(({ day }) => day)).not.toContain(INCIDENT_DAY)

  await close()
  expect(await system.equity()).toBe('-1625000')
  const [adopted] = await selectSnapshots(system.pool, INCIDENT_PORTFOLIO)
  expect(adopted).toMatchObject({ id: rows[0]?.id, netAssetValue: '-1625000' })
  expect(await close()).toMatchObject([{ created: 0, skipped: 1 }])
  expect(await breaks()).toEqual([])
})

test('a snapshot of the old code counts: the day is skipped, the equity left alone', async () => {
  await closeDayNaively(system.pool, day)
  expect(await close()).toMatchObject([{ created: 0, skipped: 1, behind: [] }])
  expect(await system.equity()).toBe('-1625000')
})

test('the old code that writes between make and save wins; the equity changes once', async () => {
  const meanwhile = async () => {
    await closeDayInsertFirst(system.pool, day)
  }
  const generator = snapshotGenerator(system.pool, meanwhile)
  await closeDays(system, theDay, asked, generator)
  expect(await system.equity()).toBe('-1625000')
  expect(await breaks()).toEqual([])
})

test('a run that lost its lease cannot write: whoever took the day over did', async () => {
  const other = await onceover({ db: system.pool })
  const meanwhile: ClosedDay[] = []
  const lost = async () => {
    await system.pool.query('UPDATE onceover.lease SET dead = true')
    meanwhile.push(...(await closeDays({ once: other, pool: system.pool }, theDay, asked)))
  }
  const [late] = await closeDays(system, theDay, asked, snapshotGenerator(system.pool, lost))
  await other.close()
  expect(meanwhile).toMatchObject([{ created: 1 }])
  expect(late).toMatchObject({ created: 0 })
  expect(await system.equity()).toBe('-1625000')
  expect(await breaks()).toEqual([])
})

test('a finished day stays finished where its row was deleted', async () => {
  await close()
  await system.pool.query('DELETE FROM portfolio_snapshots WHERE snapshot_date = $1', [
    INCIDENT_DAY,
  ])
  expect(await close()).toMatchObject([{ created: 0, skipped: 1 }])
  expect(await system.equity()).toBe('-1625000')
  expect(await breaks()).toMatchObject([{ fault: 'equity', kept: '-1625000' }])
})

test('replacing a finished day is refused: its P&L would be applied again', async () => {
  await close()
  const generator = snapshotGenerator(system.pool)
  const reasons: unknown[] = []
  const { totals } = await system.once.run(generator, theDay, {
    onDuplicate: 'replace',
    onVerdicts: (verdicts) => reasons.push(...verdicts.map(({ reason }) => reason)),
  })
  expect(totals).toMatchObject({ replaced: 0, created: 0, failed: 1 })
  expect(reasons).toEqual(['2025-11-17 is closed already: only a replay changes it.'])
  expect(await system.equity()).toBe('-1625000')
  expect(await close()).toMatchObject([{ created: 0, skipped: 1, behind: [] }])
  expect(await system.equity()).toBe('-1625000')
})

test('a preview says what would be closed and writes nothing', async () => {
  const generator = snapshotGenerator(system.pool)
  const { totals } = await system.once.preview(generator, { ...theDay, from: '2025-11-13' })
  expect(totals).toMatchObject({ created: 1, skipped: 2 })
  expect(await system.equity()).toBe('-6900000')
})

test('what ought to exist and does not is found missing', async () => {
  const generator = snapshotGenerator(system.pool)
  const range = { from: '2025-11-13', until: '2025-11-18', portfolioIds }
  await close()
  const { totals, missing } = await system.once.reconcile(generator, range)
  expect(totals).toMatchObject({ expected: 4, made: 3, missing: 1, duplicate: 0 })
  expect(missing).toMatchObject([{ snapshot_date: '2025-11-18' }])
})
