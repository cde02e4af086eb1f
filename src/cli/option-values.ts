import { OnceoverError } from '../index.ts'

/** The options that were given, without those that were not. */
export const given = <T extends object>(
  options: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as typeof options as { [Name in keyof T]?: Exclude<T[Name], undefined> }

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

/**
 * The whole number of an option.
 *
 * @throws OnceoverError USAGE for anything else
 */
export function wholeNumber(
  option: string,
  text: string,
  { from = 0, to = Number.MAX_SAFE_INTEGER } = {},
): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw usage(`${option} ${text} is not a whole number.`, `Give a number, such as ${option} 100.`)
  }
  const value = Number(text)
  if (value >= from && value <= to) return value
  throw usage(`${option} ${text} is out of range.`, `Give a number from ${from} to ${to}.`)
}

const BYTES = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const

const isUnit = (unit: string): unit is keyof typeof BYTES => unit in BYTES

/**
 * The size of an option in bytes: a number, or one with kB, MB or GB.
 *
 * @throws OnceoverError USAGE for anything else
 */
export function byteSize(option: string, text: string): number {
  const [, number = '', given = ''] = /^(\d{1,9}) ?([kmg]?b)?$/i.exec(text) ?? []
  const unit = given.toLowerCase()
  const bytes = isUnit(unit) ? Number(number) * BYTES[unit] : 0
  if (bytes > 0) return bytes
  throw usage(`${option} ${text} is no size.`, `Give a size, such as ${option} 64MB.`)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The JSON of an option.
 *
 * @throws OnceoverError USAGE where it is none
 */
export function readJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usage(
      `${option} ${text} is no JSON.`,
      `A text is JSON in quotes: ${option} '"a"'.`,
      error,
    )
  }
}

/**
 * The key of `--key`: a JSON object of parts by name.
 *
 * @throws OnceoverError USAGE
 */
export function readKey(text: string): Readonly<Record<string, unknown>> {
  const key = readJson('--key', text)
  if (isRecord(key)) return key
  const fix = `Give parts by name: --key '{"day":"2025-10-01","student":7}'.`
  throw usage(`--key ${text} is no JSON object.`, fix)
}

const badRange = (text: string, cause?: unknown): OnceoverError =>
  usage(
    `--range ${text} is neither a JSON object nor a list of name=value.`,
    `Write --range from=2025-10-01,to=2025-10-31, or --range '{"from":"2025-10-01"}'.`,
    cause,
  )

/**
 * The range of `--range`: a JSON object, or `name=value` pairs whose values are texts.
 *
 * @throws OnceoverError USAGE
 */
export function readRange(text: string): Readonly<Record<string, unknown>> {
  if (text.trimStart().startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(text)
      if (isRecord(parsed)) return parsed
    } catch (error) {
      throw badRange(text, error)
    }
  }
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair))
  const names = pairs.map((pair) => pair?.[1])
  if (names.includes(undefined)) throw badRange(text)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) {
    const fix = `Give it once. Several values are a list: --range '{"${twice}":["a","b"]}'.`
    throw usage(`${twice} is given twice in --range ${text}.`, fix)
  }
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', (pair?.[2] ?? '').trim()]))
}
