import pg from 'pg'
import type { WriterTask, WriterTold } from './writers.ts'

const { url, how, keys, seed }: WriterTask = JSON.parse(process.argv[2] ?? '{}')
const client = new pg.Client({ connectionString: url, application_name: 'writer' })
client.on('error', () => {})

let state = seed + 1
const below = (limit: number): number => {
  state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
  return Math.floor((state / 2 ** 32) * limit)
}

const A_SEAT = '(SELECT id FROM seat WHERE n = $1 ORDER BY random() LIMIT 1)'
const A_TAG = `(SELECT tag.id FROM tag JOIN seat ON seat.id = tag.seat WHERE seat.n = $1
  ORDER BY random() LIMIT 1)`

// What they change is noted with it: the trial has nothing else to tell their work from ours by.
const SEATS = [
  `WITH done AS (INSERT INTO seat (n) VALUES ($1) RETURNING id)
    INSERT INTO made SELECT 'seat', id FROM done`,
  `WITH done AS (UPDATE seat SET holder = 'w' WHERE id = ${A_SEAT} RETURNING id)
    INSERT INTO touched SELECT 'seat', id FROM done`,
  `WITH done AS (UPDATE seat SET n = $2 WHERE id = ${A_SEAT} RETURNING id)
    INSERT INTO touched SELECT 'seat', id FROM done WHERE $2 IS NOT NULL`,
  `WITH done AS (DELETE FROM seat WHERE id = ${A_SEAT}
      AND NOT EXISTS (SELECT FROM tag WHERE seat = seat.id) RETURNING id)
    INSERT INTO gone SELECT 'seat', id FROM done`,
  `WITH done AS (INSERT INTO tag (seat) SELECT id FROM seat WHERE id = ${A_SEAT} RETURNING id)
    INSERT INTO made SELECT 'tag', id FROM done`,
  `WITH done AS (UPDATE tag SET seat = ${A_SEAT} WHERE id = ${A_TAG} RETURNING id)
    INSERT INTO touched SELECT 'tag', id FROM done`,
  `WITH done AS (DELETE FROM tag WHERE id = ${A_TAG} RETURNING id)
    INSERT INTO gone SELECT 'tag', id FROM done`,
]

let longestMs = 0

async function run(statement: string, values: readonly unknown[] = []) {
  const startedMs = performance.now()
  try {
    return await client.query(statement, [...values])
  } finally {
    longestMs = Math.max(longestMs, performance.now() - startedMs)
  }
}

async function writeSeats(): Promise<void> {
  const statement = SEATS[below(SEATS.length)] ?? ''
  const other = statement.includes('$2') ? [below(keys)] : []
  await run(statement, [below(keys), ...other])
}

async function writeDuplicates(): Promise<void> {
  const n = below(keys)
  const way = below(3)
  if (way === 0) return void (await run('INSERT INTO seat (n) VALUES ($1)', [n]))
  if (way === 1) {
    await run('UPDATE seat SET n = $1 WHERE id = (SELECT max(id) FROM seat)', [n])
    return
  }
  await run('BEGIN')
  const { rowCount } = await run('SELECT FROM seat WHERE n = $1 LIMIT 1', [n])
  await run('SELECT pg_sleep(0.002)')
  if (rowCount === 0) await run('INSERT INTO seat (n) VALUES ($1)', [n])
  await run('COMMIT')
}

const tell = (told: WriterTold) =>
  new Promise<void>((resolve) => {
    process.send?.(told, () => resolve())
  })

const errors: Record<string, number> = {}
let writes = 0
let stopped = false
process.once('message', () => {
  stopped = true
})

await client.connect()
await client.query("SET lock_timeout = '500ms'")
while (!stopped) {
  try {
    await (how === 'seats' ? writeSeats() : writeDuplicates())
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? String(error.code) : String(error)
    errors[code] = (errors[code] ?? 0) + 1
    await client.query('ROLLBACK')
  }
  if (++writes === 1) await tell('writing')
}
await client.end()
await tell({ writes, errors, longestMs })
process.disconnect()
