import { OnceoverError } from '../index.ts'

/** The options that were given, without those that were not. */
export const given = <T extends object>(
  options: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as typeof options as { [Name in keyof T]?: Exclude<T[Name], undefined> }

/**
 * The whole number of an option.
 *
 * @throws OnceoverError USAGE for anything else
 */
export function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new OnceoverError('USAGE', {
    message: `${option} ${text} is not a whole number.`,
    fix: `Give a number, such as ${option} 100.`,
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const badRange = (text: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', {
    message: `--range ${text} is neither a JSON object nor a list of name=value.`,
    fix: `Write --range from=2025-10-01,to=2025-10-31, or --range '{"from":"2025-10-01"}'.`,
    cause,
  })

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
  if (names.includes(undefined) || new Set(names).size < names.length) throw badRange(text)
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', (pair?.[2] ?? '').trim()]))
}
