import { type AnyGenerator, OnceoverError } from '../index.ts'
import type { Config } from './config.ts'

/** What to do where a command needs a generator and there is no configuration. */
export const NO_GENERATORS =
  'Create onceover.config.ts with its generators, or name the file with --config.'

/**
 * The generator of a configuration with a name.
 *
 * @throws OnceoverError USAGE for a name that none has, CONFIG_INVALID where there are none
 */
export function chooseGenerator(
  { file, generators }: Config,
  wanted: string | undefined,
): AnyGenerator {
  if (generators.length === 0) {
    throw new OnceoverError('CONFIG_INVALID', {
      message: `${file} exports no generators.`,
      fix: 'Export { db, guards, generators } as the default export of the configuration.',
      details: { file },
    })
  }
  const found = generators.find(({ name }) => name === wanted)
  if (found) return found.generator
  const known = generators.map(({ name }) => name)
  throw new OnceoverError('USAGE', {
    message: `${file} has no generator called ${wanted}.`,
    fix: `Its generators are: ${known.join(', ')}.`,
    details: { unknown: wanted, known },
  })
}
