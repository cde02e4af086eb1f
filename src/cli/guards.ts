import { type ErrorCode, EXIT, type Guard, OnceoverError } from '../index.ts'
import type { Config } from './config.ts'
import type { Output } from './output.ts'

/**
 * The guards of a configuration by their names; all of them where none is named.
 *
 * @throws OnceoverError USAGE for a name that no guard has, CONFIG_INVALID where there are none
 */
export function chooseGuards(config: Config, names: readonly string[]): readonly Guard[] {
  if (config.guards.length === 0) {
    throw new OnceoverError('CONFIG_INVALID', {
      message: `${config.file} exports no guards.`,
      details: { file: config.file },
    })
  }
  const known = config.guards.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new OnceoverError('USAGE', {
      message: `${config.file} has no guard called ${unknown.join(', ')}.`,
      fix: `Its guards are: ${known.join(', ')}.`,
      details: { unknown, known },
    })
  }
  return names.length === 0 ? config.guards : config.guards.filter((g) => names.includes(g.name))
}

// What is wrong with the database is wrong for every guard; some of these take seconds to find out.
const OF_THE_DATABASE: ReadonlySet<ErrorCode> = new Set([
  ...(['DATABASE_UNREACHABLE', 'DATABASE_SILENT', 'DATABASE_MISSING'] as const),
  ...(['AUTHENTICATION_FAILED', 'POOL_EXHAUSTED', 'CONNECTION_LOST', 'READ_ONLY'] as const),
])

const isFinal = (error: unknown): boolean =>
  error instanceof OnceoverError && OF_THE_DATABASE.has(error.code)

/**
 * Does the work for each guard. An error of one is printed and does not keep the others from their
 * turn, unless it is one of the database.
 *
 * @param work returns the exit code of its guard
 * @returns the highest code where none failed, that of the errors where all did, else `partial`
 */
export async function eachGuard(
  guards: readonly Guard[],
  out: Output,
  work: (guard: Guard) => Promise<number>,
): Promise<number> {
  const done: number[] = []
  const failed: number[] = []
  for (const guard of guards) {
    try {
      done.push(await work(guard))
    } catch (error) {
      failed.push(out.error(error))
      if (isFinal(error)) break
    }
  }
  if (failed.length === 0) return Math.max(EXIT.ok, ...done)
  return done.length === 0 ? Math.max(...failed) : EXIT.partial
}
