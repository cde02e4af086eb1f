import { afterEach, beforeEach, expect, test } from 'vitest'
import { onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { startWorker } from './processes.ts'
import { shuffled, TICKETS, tickets } from './tickets.ts'

const ROWS = 5000
const CHUNK_ROWS = 250

let opened: Opened
beforeEach(async () => {
  opened = await open(TICKETS)
})
afterEach(() => opened.close())

const query = (statement: string) => opened.query(statement)

const RACING = `SELECT FROM pg_stat_activity
  WHERE application_name = 'race' AND datname = current_database()`

/** Resolves when no session of the killed process is left: it may still be committing. */
async function untilDisconnected(): Promise<void> {
  while ((await query(RACING)).length > 0);
}

test.each([1, 4, 9])(
  'a process killed after %i chunks of a stream leaves whole chunks, and events that agree',
  async (chunks) => {
    const task = { url: opened.db.url, how: 'stream', count: ROWS, seed: chunks } as const
    const worker = startWorker(task)
    await worker.ready
    worker.go()
    await worker.told(chunks)
    worker.process.kill('SIGKILL')
    await expect(worker.done).rejects.toThrow('SIGKILL')
    await untilDisconnected()
    const [stands] = await query('SELECT count(*)::int AS rows FROM ticket')
    const rows = Number(stands?.rows)
    expect(rows % CHUNK_ROWS).toBe(0)
    expect(rows).toBeGreaterThanOrEqual(chunks * CHUNK_ROWS)
    const [{ sum } = {}] = await query(
      'SELECT sum(json_array_length(keys))::int AS sum FROM onceover.event',
    )
    const runs = await query('SELECT created::int FROM onceover.run')
    expect([sum, runs]).toEqual([rows, [{ created: rows }]])
    const stored = (await query('SELECT number FROM ticket')).map(({ number }) => number)
    expect(new Set(stored)).toEqual(new Set(shuffled(ROWS, chunks).slice(0, rows)))
    const once = await onceover({ db: opened.db.url })
    const { totals } = await once.insert(
      tickets,
      shuffled(ROWS, 0).map((number) => ({ number })),
    )
    await once.close()
    expect(totals).toMatchObject({ created: ROWS - rows, skipped: rows })
  },
)

test('a process killed in the middle of one array leaves nothing', async () => {
  const worker = startWorker({ url: opened.db.url, how: 'array', count: 20_000, seed: 1 })
  await worker.ready
  worker.go()
  while ((await query(`${RACING} AND backend_xid IS NOT NULL`)).length === 0);
  worker.process.kill('SIGKILL')
  await untilDisconnected()
  expect(await query('SELECT FROM ticket')).toEqual([])
  expect(await query('SELECT FROM onceover.run')).toEqual([])
})
