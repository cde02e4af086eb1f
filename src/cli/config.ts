import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { createJiti } from 'jiti'
import * as onceoverModule from '../index.ts'
import {
  type AnyGenerator,
  type DatabaseInput,
  type Guard,
  isGenerator,
  OnceoverError,
} from '../index.ts'
import type { ServerOptions } from '../server/server.ts'

const NAMES = ['onceover.config.ts', 'onceover.config.js', 'onceover.config.mjs']

/** A generator with the name by which commands know it. */
export interface NamedGenerator {
  /** That of its guard in a list, or that of its property. */
  readonly name: string
  readonly generator: AnyGenerator
}

// Who may ask, and whether it may write, is said where the server is started.
const SERVED = [
  ...(['basePath', 'bodyLimitBytes', 'create', 'environment'] as const),
  ...(['hosts', 'origins', 'redact'] as const),
] as const

/** What a configuration says of `onceover serve`. */
export type ServedConfig = Pick<ServerOptions, (typeof SERVED)[number]>

/** A configuration that was read. */
export interface Config {
  /** Its path, relative to the working directory. */
  readonly file: string
  readonly db: DatabaseInput | undefined
  readonly guards: readonly Guard[]
  readonly generators: readonly NamedGenerator[]
  readonly server: ServedConfig
}

/** The configuration of a directory, or of the nearest directory above it that has one. */
export function findConfig(from: string): string | undefined {
  const found = NAMES.map((name) => join(from, name)).find((file) => existsSync(file))
  const above = dirname(from)
  return found ?? (above === from ? undefined : findConfig(above))
}

const invalid = (file: string, message: string, cause?: unknown): OnceoverError =>
  new OnceoverError('CONFIG_INVALID', {
    message: `${file} ${message}.`,
    details: { file },
    cause,
  })

async function load(path: string, file: string): Promise<unknown> {
  // The `onceover` that a configuration imports is the one that runs, installed beside it or not.
  const jiti = createJiti(import.meta.url, { virtualModules: { onceover: onceoverModule } })
  try {
    return await jiti.import<unknown>(path, { default: true })
  } catch (error) {
    if (error instanceof OnceoverError) throw error
    throw invalid(file, 'cannot be loaded', error)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isGuard = (value: unknown): value is Guard =>
  isObject(value) && typeof value.name === 'string' && 'table' in value && isObject(value.key)

function refuseTwice(file: string, what: string, items: readonly { readonly name: string }[]) {
  const names = items.map(({ name }) => name)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw invalid(file, `has two ${what} called ${JSON.stringify(twice)}`)
}

function readGuards(file: string, given: unknown): readonly Guard[] {
  if (given === undefined) return []
  if (!isObject(given)) throw invalid(file, 'has `guards` that are not a list of guards')
  const guards = Object.entries(given).map(([place, value]) => {
    if (isGuard(value)) return value
    throw invalid(file, `has \`guards\` whose item ${place} was not made by guard()`)
  })
  refuseTwice(file, 'guards', guards)
  return guards
}

function readGenerators(file: string, given: unknown): readonly NamedGenerator[] {
  if (given === undefined) return []
  if (!isObject(given)) throw invalid(file, 'has `generators` that are not a list of generators')
  const generators = Object.entries(given).map(([place, generator]) => {
    if (!isGenerator(generator)) {
      throw invalid(file, `has \`generators\` whose item ${place} was not made by generator()`)
    }
    return { name: Array.isArray(given) ? generator.guard.name : place, generator }
  })
  refuseTwice(file, 'generators', generators)
  return generators
}

function readDatabase(file: string, given: unknown): DatabaseInput | undefined {
  if (given === undefined || given === '') return undefined
  if (typeof given === 'string') return given
  // What kind of handle it is, onceover() decides.
  if (isObject(given) && typeof given.query === 'function') return given as unknown as DatabaseInput
  throw invalid(file, 'has a `db` that is neither a URL, a Pool, a Client nor has query()')
}

function readServer(file: string, given: unknown): ServedConfig {
  if (given === undefined) return {}
  if (!isObject(given)) throw invalid(file, 'has a `server` that is no object')
  const names: readonly string[] = SERVED
  const strange = Object.keys(given).find((key) => !names.includes(key))
  if (strange === undefined) return given
  throw invalid(file, `has \`server.${strange}\`, which means nothing`)
}

const notFound = (file: string | undefined, cwd: string, fix: string | undefined): OnceoverError =>
  new OnceoverError('CONFIG_NOT_FOUND', {
    message: file
      ? `There is no file ${file}.`
      : `There is no onceover.config.ts, .js or .mjs in ${cwd} or above it.`,
    details: file ? { file } : { cwd },
    ...(fix === undefined ? {} : { fix }),
  })

const FIELDS: ReadonlySet<string> = new Set(['db', 'guards', 'generators', 'server'])

function readContent(file: string, content: unknown): Config {
  if (!isObject(content)) throw invalid(file, 'has no default export that is an object')
  const strange = Object.keys(content).find((key) => !FIELDS.has(key))
  if (strange !== undefined) throw invalid(file, `exports \`${strange}\`, which means nothing`)
  return {
    file,
    db: readDatabase(file, content.db),
    guards: readGuards(file, content.guards),
    generators: readGenerators(file, content.generators),
    server: readServer(file, content.server),
  }
}

/**
 * Reads a configuration: the default export `{ db, guards, generators, server }` of a TypeScript
 * or JavaScript file.
 *
 * @param path of the file; without it the nearest one from `cwd` upwards
 * @param fix what to do where there is none
 * @throws OnceoverError CONFIG_NOT_FOUND, CONFIG_INVALID, and what guard() and generator() throw
 */
export async function readConfig(
  path: string | undefined,
  fix?: string,
  cwd = process.cwd(),
): Promise<Config> {
  const chosen = path === undefined ? findConfig(cwd) : resolve(cwd, path)
  if (chosen === undefined || !existsSync(chosen)) throw notFound(chosen, cwd, fix)
  const file = relative(cwd, chosen)
  if (statSync(chosen).isDirectory()) {
    throw new OnceoverError('CONFIG_NOT_FOUND', {
      message: `${chosen} is a directory, not a configuration.`,
      fix: 'Name the file with --config, or run the command in that directory.',
      details: { file: chosen },
    })
  }
  return readContent(file, await load(chosen, file))
}
