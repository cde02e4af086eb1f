import { jsonText } from './json.ts'

const MOST_CAUSES = 5

/** Where an error was thrown, without its words. */
function framesOf({ name, message, stack = '' }: Error): readonly string[] {
  const head = stack.indexOf(message)
  if (head < 0 || !stack.startsWith(name.slice(0, 1))) return []
  return stack
    .slice(head + message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
}

/** As JSON has it: not every logger takes every value. */
function plain(value: unknown): unknown {
  try {
    return value === undefined ? undefined : JSON.parse(jsonText(value))
  } catch {
    return String(value)
  }
}

/**
 * An error as facts for a log. Where values of keys are redacted, only what cannot contain any is
 * said: names, codes and places. Its words and details can quote a row or a statement.
 *
 * @param redact parts of keys whose values are not logged
 */
export function failureFacts(error: unknown, redact: readonly string[] = [], depth = 0): object {
  if (!(error instanceof Error)) return { thrown: redact.length > 0 ? typeof error : String(error) }
  const { name, message, cause, stack } = error
  const code: unknown = 'code' in error ? error.code : undefined
  const details: unknown = 'details' in error ? plain(error.details) : undefined
  const detail: unknown = 'detail' in error ? error.detail : undefined
  const deeper = cause !== undefined && depth < MOST_CAUSES
  return {
    name,
    ...(code !== undefined && { code }),
    ...(redact.length > 0 ? { at: framesOf(error) } : { message, details, detail, stack }),
    ...(deeper && { cause: failureFacts(cause, redact, depth + 1) }),
  }
}
