import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Onceover, onceover } from 'onceover'
import { type EmbeddedServer, startServer } from 'onceover/embedded'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicDirectory } from '../embedded/installation.ts'
import { errorOf } from './lessons.ts'

const TABLE = `
  CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date, "No." int,
    said text, by text, created_at timestamptz DEFAULT now(), UNIQUE (day, "No.", said, by))`

const VALUES: readonly (readonly [what: string, said: string, by: string])[] = [
  ['plain words', 'hello', 'ana'],
  ['commas and parentheses', 'a, b (c), d)', 'ana, ben'],
  ['quotes of both kinds', `it's "so"`, "o'neil"],
  ['line ends and tabs', 'one\ntwo\tthree\n\nfour', 'ana'],
  ['what looks like the end', ') already exists.', ')=('],
  ['other scripts', 'Größe, 尺寸 и размер', '\u{1f642}'],
  ['backslashes', 'a\\b\\n', '\\'],
]

let place: Awaited<ReturnType<typeof publicDirectory>>
let server: EmbeddedServer
let once: Onceover
let directory: string

beforeAll(async () => {
  place = await publicDirectory()
  directory = join(place.path, 'data')
  server = await startServer({
    dataDir: directory,
    settings: {
      logging_collector: true,
      log_destination: 'stderr,csvlog,jsonlog',
      log_directory: 'log',
      log_filename: 'server.log',
      log_line_prefix: '%m [%p] %q%u@%d ',
      log_timezone: 'Europe/Berlin',
    },
  })
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(TABLE)
  await client.end()
  once = await onceover({ db: server.url })
})

afterAll(async () => {
  await once.close()
  await server.stop()
  await place.remove()
})

const logs = (format: 'log' | 'csv' | 'json'): Promise<string> =>
  readFile(join(directory, 'cluster', 'log', `server.${format}`), 'utf8')

const FORMATS = ['log', 'csv', 'json'] as const
const POLL_MS = 10

// The collector is a process of its own.
async function untilLogged(format: (typeof FORMATS)[number], before: string): Promise<string> {
  for (;;) {
    const text = (await logs(format)).slice(before.length)
    if (/duplicate key[\s\S]*INSERT INTO/.test(text)) return text
    await sleep(POLL_MS)
  }
}

/** Refuses a row, and gives what each log says from there on. */
async function refuse(said: string, by: string) {
  const client = new pg.Client(server.url)
  await client.connect()
  const before = await Promise.all(FORMATS.map(logs))
  const insert = () =>
    client.query(`INSERT INTO notes (day, "No.", said, by) VALUES ('2025-09-08', 7, $1, $2)`, [
      said,
      by,
    ])
  await insert()
  await errorOf(insert())
  const { rows } = await client.query('SELECT max(id)::text AS id FROM notes')
  await client.end()
  const after = await Promise.all(
    FORMATS.map((format, at) => untilLogged(format, before[at] ?? '')),
  )
  return { id: rows[0]?.id, after }
}

describe('the server’s own logs', () => {
  test.each(VALUES)('are read with %s', async (_, said, by) => {
    const { id, after } = await refuse(said, by)
    for (const text of after) {
      const told = await once.explain(text)
      expect(told.attempted).toEqual({ day: '2025-09-08', 'No.': '7', said, by })
      expect(told.existingId).toEqual({ id })
      expect(['lost_race', 'retry_of_done_work']).toContain(told.cause)
    }
  })
})
