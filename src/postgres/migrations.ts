import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { OnceoverError } from '../core/error.ts'

/** One file of sql/, as it is applied. */
export interface Migration {
  /** The number in front of its name, from 1 on without a gap. */
  readonly version: number
  /** The file's name without `.sql`: `001_schema`. */
  readonly name: string
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly checksum: string
}

// The same place seen from src/postgres and, built, from dist/postgres.
const DIRECTORY = new URL('../../sql/', import.meta.url)
const NAME = /^(\d{3})_\w+\.sql$/

// A checkout that turned line ends into CRLF is still the same migration.
const read = async (file: string): Promise<string> =>
  (await readFile(new URL(file, DIRECTORY), 'utf8')).replaceAll('\r\n', '\n').trimEnd()

const refuseGap = (migrations: readonly Migration[]): void => {
  const misplaced = migrations.find(({ version }, index) => version !== index + 1)
  if (!misplaced) return
  throw new OnceoverError('MIGRATION_FAILED', {
    message: `The migrations of this package are not numbered in a row: ${misplaced.name}.`,
    fix: 'Install the package again: files of sql/ are missing or were added.',
  })
}

/**
 * The migrations that this package brings, in the order in which they are applied.
 *
 * @throws OnceoverError MIGRATION_FAILED where their numbers have a gap
 */
export async function readMigrations(): Promise<readonly Migration[]> {
  const files = (await readdir(DIRECTORY)).filter((file) => NAME.test(file)).sort()
  const migrations = await Promise.all(
    files.map(async (file): Promise<Migration> => {
      const text = await read(file)
      const checksum = createHash('sha256').update(text).digest('hex')
      return { version: Number(file.slice(0, 3)), name: file.slice(0, -4), text, checksum }
    }),
  )
  refuseGap(migrations)
  return migrations
}

/** The statements that take away what the migrations made, and nothing else. */
export const readUninstall = (): Promise<string> => read('uninstall.sql')
