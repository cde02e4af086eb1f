import { onceover } from 'onceover'
import pg from 'pg'
import { type Example, furnish, startSystems } from './server.ts'

/**
 * Serves the systems on an empty database until Ctrl-C, and prints requests that can be sent.
 *
 * @param url of the database, which must be empty
 */
export async function serveLive(
  url: string,
  print: (lines: readonly string[]) => void,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => undefined)
  const once = await onceover({ db: pool })
  const examples = await furnish({ once, pool })
  const server = await startSystems({ once, pool })
  print([
    '',
    `The three systems are served on ${server.url} now. Send a request twice and compare:`,
    ...examples.flatMap((example) => ['', ...curl(server.url, example)]),
    '',
    'Ctrl-C ends it.',
  ])
  await interrupted()
  await server.close()
  await once.close()
  await pool.end()
}

const curl = (url: string, { path, body }: Example): string[] => [
  `curl -s -H 'content-type: application/json' ${url}${path} \\`,
  `  -d '${JSON.stringify(body)}'`,
]

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())
  })
}
