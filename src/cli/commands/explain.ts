import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { EXIT, type Guard, OnceoverError } from '../../index.ts'
import { type Config, readConfig } from '../config.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { renderExplanation, renderKey } from '../explanation-report.ts'
import { chooseGuards } from '../guards.ts'
import { readKey } from '../option-values.ts'
import type { Output } from '../output.ts'

/** Options of `onceover explain`. */
export interface ExplainCommandOptions extends DatabaseOptions {
  /** A file with an error or lines of a log; `-` is standard input. */
  readonly error?: string
  /** A guard of the configuration. */
  readonly guard?: string
  /** JSON object of the parts of a key. */
  readonly key?: string
}

const usage = (message: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', {
    message,
    fix: `onceover explain --error FILE, or onceover explain --guard GUARD --key '{"day":…}'`,
    cause,
  })

async function readError(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin)
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`There is no file ${file} to read an error from.`, error)
  })
}

// An error can be explained without guards: the catalogue knows the constraint.
async function configOrNone(options: DatabaseOptions): Promise<Config | undefined> {
  try {
    return await readConfig(options.config)
  } catch (error) {
    const none = error instanceof OnceoverError && error.code === 'CONFIG_NOT_FOUND'
    if (none && options.config === undefined) return undefined
    throw error
  }
}

async function explainError(file: string, options: DatabaseOptions, out: Output): Promise<number> {
  const text = await readError(file)
  const config = await configOrNone(options)
  const guards: readonly Guard[] = config?.guards ?? []
  return connected(
    options,
    out,
    async (once) => {
      const told = await once.explain(text, { guards })
      if (out.json) out.record(told)
      else for (const line of renderExplanation(told, out)) out.line(line)
      return EXIT.ok
    },
    config,
  )
}

async function explainKey(
  name: string,
  key: Readonly<Record<string, unknown>>,
  options: DatabaseOptions,
  out: Output,
): Promise<number> {
  const config = await readConfig(options.config)
  const [guard] = chooseGuards(config, [name])
  if (!guard) throw usage(`There is no guard ${name}.`)
  return connected(
    options,
    out,
    async (once) => {
      const told = await once.explainKey(guard, key)
      if (out.json) out.record(told)
      else for (const line of renderKey(told, out)) out.line(line)
      return EXIT.ok
    },
    config,
  )
}

/** `onceover explain`: says why a row was refused, or what stands for a key. */
export async function run(
  _names: readonly string[],
  { error, guard, key, ...options }: ExplainCommandOptions,
  out: Output,
): Promise<number> {
  if (error !== undefined) {
    if (guard !== undefined || key !== undefined) {
      throw usage('--error says it all: --guard and --key are for a key without an error.')
    }
    return explainError(error, options, out)
  }
  if (guard === undefined || key === undefined) {
    throw usage('Either --error is needed, or --guard and --key together.')
  }
  return explainKey(guard, readKey(key), options, out)
}
