import { ApiError } from '../api.ts'

/** What to do in the page, where the fix of an error names a command. */
const FIXES: Readonly<Record<string, string>> = {
  DUPLICATES_EXIST: 'Repair them first, or have them repaired on the way.',
  UNDO_BLOCKED: 'Stop enforcing the guard first, and undo then.',
  GUARD_NOT_FOUND: 'See the list of guards: it may have another name by now.',
  REPAIR_NOT_FOUND: 'See the list of repairs: those of this database stand there.',
}

/** An error as the page tells it: what it says of itself, but what to do in the page. */
export function plainly(error: ApiError): ApiError {
  const fix = FIXES[error.code]
  if (fix === undefined) return error
  const { code, status, title, details } = error
  // The examples that follow are whole keys, which the page shows elsewhere.
  const detail = error.message.replace(/: \{.*$/s, '.')
  return new ApiError({ code, status, title, detail, fix, details })
}
