import { wordsOf } from '../claims/fail.ts'
import { OnceoverError } from '../core/error.ts'

/** What a function of the application's threw, named; an OnceoverError is passed on as it is. */
export function callbackFailed(name: string, error: unknown): OnceoverError {
  if (error instanceof OnceoverError) return error
  return new OnceoverError('CALLBACK_FAILED', {
    message: `${name} failed: ${wordsOf(error)}.`,
    details: { function: name },
    cause: error,
  })
}

/**
 * Calls a function of the application's.
 *
 * @throws OnceoverError CALLBACK_FAILED naming the function
 */
export async function calling<Result>(
  name: string,
  call: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw callbackFailed(name, error)
  }
}
