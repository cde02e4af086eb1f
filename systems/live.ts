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
    'The systems are served over HTTP now. Send a request twice and compare:',
    '',
    `URL=${server.url}`,
    ...examples.flatMap((example) => ['', ...curl(example)]),
    '',
    'Ctrl-C ends it.',
  ])
  await interrupted()
  print(['', 'stopping …'])
  await server.close()
  await once.close()
  await pool.end()
}

const curl = ({ path, body }: Example): string[] => [
  `curl -s -H 'content-type: application/json' $URL${path} \\`,
  `  -d '${JSON.stringify(body)}'`,
]

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())
  })
}
