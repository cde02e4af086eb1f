import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OnceoverError } from '../core/error.ts'
import { type Account, asAccount } from './account.ts'
import type { Binaries } from './binaries.ts'

const run = promisify(execFile)

/**
 * Runs initdb: a superuser `postgres` with the password of a file, SCRAM, UTF8 whatever the
 * environment says.
 *
 * @throws EMBEDDED_START_FAILED with initdb's last words as `details.log`.
 */
export async function initdb(
  target: string,
  passwordFile: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<void> {
  const args = [
    ...['-D', target, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
    ...['-E', 'UTF8', '--no-sync', '--no-instructions'],
  ]
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' }
  let failure: unknown
  for (const locale of locales(binaries.major)) {
    try {
      await run(join(binaries.bin, 'initdb'), [...args, ...locale], { ...asAccount(account), env })
      return
    } catch (error) {
      failure = error
    }
  }
  throw failed(failure, binaries, account)
}

function failed(cause: unknown, binaries: Binaries, account: Account | undefined): OnceoverError {
  const log = outputOf(cause)
  const details = { log, binaries: binaries.bin, user: account?.name }
  // Containers often run under an id that no user has.
  if (log.some((line) => line.includes('could not look up effective user ID'))) {
    return new OnceoverError('EMBEDDED_START_FAILED', {
      message: `initdb needs a user with a name; the id ${process.getuid?.()} has none.`,
      fix: 'Give the id a name in /etc/passwd, or pass a database URL.',
      details,
      cause,
    })
  }
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message: 'initdb could not make the data directory.',
    details,
    cause,
  })
}

/** Locales that need no LANG, best first: C.UTF-8 is built in from 17 on, before it libc's. */
function locales(major: number): readonly (readonly string[])[] {
  return major >= 17
    ? [['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']]
    : [['--locale=C.UTF-8', '--lc-messages=C'], ['--locale=C']]
}

function outputOf(error: unknown): readonly string[] {
  const output = typeof error === 'object' && error && 'stderr' in error ? String(error.stderr) : ''
  return output.trim().split('\n').slice(-20)
}
