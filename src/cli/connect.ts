import { type DatabaseInput, type Onceover, OnceoverError, onceover } from '../index.ts'
import { type Config, readConfig } from './config.ts'
import type { Output } from './output.ts'

/** Which database a command works on. */
export interface DatabaseOptions {
  /** `--db`: a URL. */
  readonly db?: string
  /** `--config`: a file. */
  readonly config?: string
}

// Of a run that it made, a command says more, and in words.
const TOLD_ANYWAY = 'onceover: run ended'

const NO_DATABASE = 'Pass --db postgres://…, set DATABASE_URL, or create onceover.config.ts.'

// An empty --db is refused further on: falling back would change another database than was meant.
async function choose(options: DatabaseOptions, read: Config | undefined): Promise<DatabaseInput> {
  const given = options.db ?? (process.env.DATABASE_URL || undefined)
  const wanted = given === undefined || options.config !== undefined
  const config = read ?? (wanted ? await readConfig(options.config, NO_DATABASE) : undefined)
  const chosen = given ?? config?.db
  if (chosen !== undefined) return chosen
  throw new OnceoverError('CONFIG_INVALID', {
    message: `${config?.file} has no \`db\`, and neither --db nor DATABASE_URL is given.`,
    fix: 'Pass --db postgres://…, set DATABASE_URL, or export `db` from the configuration.',
    details: { file: config?.file },
  })
}

/**
 * Opens the database of a command, lets it work, and closes what was opened. `--db` wins over
 * DATABASE_URL, and that over the `db` of the configuration.
 *
 * @param config the configuration where the command has read it already
 * @throws OnceoverError CONFIG_NOT_FOUND, CONFIG_INVALID, DATABASE_URL_INVALID
 */
export async function connected<T>(
  options: DatabaseOptions,
  out: Output,
  work: (once: Onceover) => Promise<T>,
  config?: Config,
): Promise<T> {
  const say = (facts: Readonly<Record<string, unknown>>, message: string) => {
    if (message !== TOLD_ANYWAY) out.progress(`${message} ${JSON.stringify(facts)}`)
  }
  const once = await onceover({
    db: await choose(options, config),
    logger: { debug: () => {}, info: () => {}, warn: say, error: say },
  })
  try {
    return await work(once)
  } finally {
    await once.close()
  }
}

/** Names on stderr the database that a command is about to change. */
export const showTarget = (once: Onceover, out: Output): void => out.progress(`on ${once.target}`)
