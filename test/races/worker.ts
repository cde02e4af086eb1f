import pg from 'pg'
import { type InsertResult, onceover, sql, type Totals } from '../../src/index.ts'
import type { Task, Told } from './task.ts'
import { holders, shuffled, tickets } from './tickets.ts'

const task: Task = JSON.parse(process.argv[2] ?? '{}')
const tell = (told: Told) =>
  new Promise<void>((resolve) => {
    process.send?.(told, () => resolve())
  })

const pool = new pg.Pool({ connectionString: task.url, max: 2, application_name: 'race' })
pool.on('error', () => {})
const once = await onceover({ db: pool })
const numbers = shuffled(task.count, task.seed)
const rows = numbers.map((number) => ({ number, holder: `holder ${task.count - number}` }))
const options = { onDuplicate: task.onDuplicate ?? 'skip', actor: `process ${task.seed}` } as const

const NONE: Totals = {
  ...{ rows: 0, created: 0, replaced: 0, allowed: 0 },
  ...{ skipped: 0, collided: 0, invalid: 0, failed: 0, in_flight: 0, cancelled: 0 },
}

const done = ({ totals, verdicts }: InsertResult<object>): Promise<void> => {
  const made = verdicts.filter(({ verdict }) => verdict === 'created')
  const created = made.map(({ key }) => Number(Reflect.get(key, 'number')))
  return tell({ kind: 'done', totals, created })
}

const plain = 'INSERT INTO ticket (number, holder) VALUES ($1, $2)'

async function unaware() {
  const created: number[] = []
  for (const { number, holder } of rows.slice(0, rows.length / 5)) {
    // Half of them know ON CONFLICT, half look at the error.
    const { rowCount } = await pool
      .query(number % 2 ? `${plain} ON CONFLICT DO NOTHING` : plain, [number, holder])
      .catch((error) => {
        if (error.code !== '23505') throw error
        return { rowCount: 0 }
      })
    if (rowCount) created.push(number)
  }
  const totals = { ...NONE, rows: rows.length, created: created.length }
  await tell({ kind: 'done', totals, created })
}

async function unsorted() {
  const client = await pool.connect()
  await client.query('BEGIN')
  for (let from = 0; from < numbers.length; from += 100) {
    await client.query(
      'INSERT INTO ticket (number) SELECT unnest($1::int[]) ON CONFLICT DO NOTHING',
      [numbers.slice(from, from + 100)],
    )
  }
  await client.query('COMMIT')
  client.release()
}

async function stream() {
  const before: Record<string, number> = { ...NONE }
  for await (const chunk of once.insertStream(tickets, rows, { ...options, chunkRows: 250 })) {
    const totals = { ...NONE }
    for (const name of Object.keys(NONE) as (keyof Totals)[]) {
      Object.assign(totals, { [name]: chunk.totals[name] - (before[name] ?? 0) })
      before[name] = chunk.totals[name]
    }
    await done({ ...chunk, totals })
  }
}

const WAYS: Readonly<Record<Task['how'], () => Promise<unknown>>> = {
  array: async () => done(await once.insert(tickets, rows, options)),
  handle: async () =>
    done(await once.transaction((handle) => once.insert(tickets, rows, { ...options, handle }))),
  calls: async () => {
    for (let from = 0; from < rows.length; from += 100) {
      await done(await once.insert(tickets, rows.slice(from, from + 100), options))
    }
  },
  stream,
  select: async () =>
    done(await once.insert(tickets, sql`SELECT number FROM wanted ORDER BY random()`, options)),
  holders: async () => done(await once.insert(holders, rows, options)),
  unaware,
  unsorted,
  delete: async () => {
    let count = 0
    for (const number of numbers) {
      const { rowCount } = await pool.query('DELETE FROM ticket WHERE number = $1', [number])
      count += rowCount ?? 0
    }
    await tell({ kind: 'deleted', count })
  },
}

process.once('message', () => {
  WAYS[task.how]()
    .catch(({ code, message }) => tell({ kind: 'error', code: String(code), message }))
    .then(() => pool.end())
    .then(() => process.disconnect())
})
await pool.query('SELECT 1')
await once.inspect(tickets)
await tell({ kind: 'ready' })
