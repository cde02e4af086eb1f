import { onceover } from 'onceover'
import { startServer } from 'onceover/embedded'
import { throwAwayDatabases } from './demo-database.ts'
import type { Progress } from './progress.ts'

/** The server that the demo runs on. */
export interface DemoTarget {
  /** Where it is, without a password. */
  readonly masked: string
  /** Creates an empty throw-away database and gives its URL. */
  readonly freshDatabase: (label: string) => Promise<string>
  /** Drops what the demo made, and stops the server where it is the demo's own. */
  close(): Promise<void>
}

// Nothing of the demo outlives it, so nothing has to reach the disk.
const SETTINGS = { fsync: false, full_page_writes: false }

/**
 * Opens the server of `db`, or starts the embedded one.
 *
 * @throws OnceoverError where the server cannot be reached or started
 */
export async function openTarget(
  db: string | undefined,
  { say, status }: Progress,
): Promise<DemoTarget> {
  if (db === undefined) {
    status('starting a PostgreSQL server of its own …')
    const server = await startServer({ settings: SETTINGS })
    const databases = throwAwayDatabases(server.url)
    const masked = await reach(server.url)
    say(`Running on ${masked},\na server of its own that goes when the demo ends.`)
    return { masked, freshDatabase: databases.create, close: () => server.stop() }
  }
  const masked = await reach(db)
  const databases = throwAwayDatabases(db)
  say(
    `Running on the server of ${masked},\n` +
      `in databases of its own (${databases.prefix}_…), which are dropped at the end.\n` +
      'Nothing else there is touched.',
  )
  return { masked, freshDatabase: databases.create, close: databases.dropAll }
}

// Asks one thing of the server, so that what is wrong with it is told with a code and a fix.
async function reach(url: string): Promise<string> {
  const once = await onceover({ db: url })
  try {
    await once.transaction((tx) => tx.query('SELECT 1'))
    return once.target
  } finally {
    await once.close()
  }
}
