// A process that writes duplicates until it is told to stop: it looks whether a key is there, and
// inserts it where it is not, while others do the same with the same key.
import pg from 'pg'
import { KEY_OF, TABLE } from './table.ts'
import type { Wrote } from './writers.ts'

const MS_PER_KEY = 2
const UNIQUE_VIOLATION = '23505'

const [url = '', first = '0', startedMs = '0'] = process.argv.slice(2)
const wrote = { rows: 0, refused: 0, longestMs: 0 }

const client = new pg.Client({ connectionString: url, application_name: 'writer' })
await client.connect()
let going = true
process.once('message', () => {
  going = false
})

async function timed(statement: string, key: number) {
  const before = performance.now()
  try {
    return await client.query(statement, [key])
  } finally {
    wrote.longestMs = Math.max(wrote.longestMs, performance.now() - before)
  }
}

const look = `SELECT FROM ${TABLE} WHERE (room_id, day) = (${KEY_OF})`
const insert = `INSERT INTO ${TABLE} (room_id, day, holder) VALUES (${KEY_OF}, 'a writer')`

process.send?.('ready')
while (going) {
  // By the clock, so that all writers are at one key.
  const key = Number(first) + Math.floor((Date.now() - Number(startedMs)) / MS_PER_KEY)
  const { rowCount } = await timed(look, key)
  if (rowCount) continue
  try {
    await timed(insert, key)
    wrote.rows++
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION)) throw error
    wrote.refused++
  }
}
await client.end()
process.send?.(wrote satisfies Wrote, () => process.disconnect())
