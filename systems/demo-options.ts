import { parseArgs } from 'node:util'

/** What `npm start` was asked to do. */
export interface DemoOptions {
  /** The database to run on; the embedded server where undefined. */
  readonly db: string | undefined
  readonly json: boolean
  readonly help: boolean
  /** Whether to go on serving the systems and the dashboard when the figures have been shown. */
  readonly serve: boolean
  /** Whether to serve them at once, without the figures. */
  readonly live: boolean
}

/** What `--help` prints. */
export const HELP = `Usage: npm start -- [options]

Replays real incidents on a real PostgreSQL, first as the naive code did it, then through
Onceover, with several worker processes at once, and prints what was measured.
At a terminal it then serves the systems and the dashboard, and takes keys until q.

Options:
  --db URL      run on this server instead of the embedded one (DATABASE_URL does the same);
                the demo makes databases of its own there, drops them, and touches no other
  --live        go straight to the dashboard, without the figures; also without a terminal
  --json        one JSON document on stdout; progress stays on stderr; does not serve
  --no-serve    end after the figures, also at a terminal
  -h, --help    show this text

Exit codes: 0 every figure is what it must be, 1 a figure is not or something failed,
64 the arguments or the URL cannot be read, 130 it was interrupted
`

/**
 * Reads the arguments and the environment.
 *
 * @param isTerminal whether stdout is one; without, nothing is served
 * @throws Error naming an unknown or incomplete option
 */
export function readOptions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      db: { type: 'string' },
      json: { type: 'boolean', default: false },
      live: { type: 'boolean', default: false },
      'no-serve': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.db === '') throw new Error('--db needs a URL')
  const { live, json } = values
  if (live && (json || values['no-serve'])) {
    throw new Error('--live serves: it goes neither with --json nor with --no-serve')
  }
  return {
    db: values.db ?? (environment.DATABASE_URL || undefined),
    json,
    help: values.help,
    serve: live || (isTerminal && !json && !values['no-serve']),
    live,
  }
}
