import pg from 'pg'

/** What a writer wrote, what it was refused, and its longest statement in milliseconds. */
export interface Written {
  readonly rows: number
  readonly refused: number
  readonly longestMs: number
}

const ended = { rows: 0, refused: 0, longestMs: 0 }

const [url = '', table = '', keys = '0'] = process.argv.slice(2)

async function timed<T>(work: () => Promise<T>): Promise<T> {
  const before = performance.now()
  return work().finally(() => {
    ended.longestMs = Math.max(ended.longestMs, performance.now() - before)
  })
}

/** Looks whether a key is there, and inserts it where it is not: the race that makes duplicates. */
async function writeOn(client: pg.Client): Promise<'written' | 'found' | 'refused'> {
  const key = [Math.floor(Math.random() * Number(keys))]
  const { rows } = await timed(() => client.query(`SELECT FROM ${table} WHERE v = $1`, key))
  // Half of all writers do not even look.
  if (rows.length > 0 && Math.random() < 0.5) return 'found'
  try {
    await timed(() => client.query(`INSERT INTO ${table} (v) VALUES ($1)`, key))
    return 'written'
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error
    return 'refused'
  }
}

const client = new pg.Client({ connectionString: url, application_name: 'writer' })
await client.connect()
let going = true
process.once('message', () => {
  going = false
})
process.send?.('ready')
while (going) {
  const became = await writeOn(client)
  if (became === 'written') ended.rows++
  if (became === 'refused') ended.refused++
}
await client.end()
process.send?.(ended, () => process.disconnect())
