import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { OnceoverError } from 'onceover'
import { ZodError, z } from 'zod'

/** The statuses of the library's errors that a caller can do something about; others are 500. */
const STATUS: Readonly<Record<string, ContentfulStatusCode>> = {
  INPUT_INVALID: 400,
  ALLOW_NEEDS_REASON: 400,
  ROWS_REJECTED: 409,
  DUPLICATES_EXIST: 409,
  GUARD_NOT_ENFORCED: 503,
  DATABASE_UNREACHABLE: 503,
  DATABASE_SILENT: 503,
  CONNECTION_LOST: 503,
  RETRY_EXHAUSTED: 503,
  COMMIT_UNKNOWN: 503,
}

/**
 * The JSON body of a request. Anything but application/json is refused, so that no plain HTML form
 * of another site can write.
 *
 * @throws HTTPException 415 or 400
 */
export async function jsonBody(context: Context): Promise<unknown> {
  if (!context.req.header('content-type')?.startsWith('application/json')) {
    throw new HTTPException(415, { message: 'Send the body as application/json.' })
  }
  return context.req.json().catch(() => {
    throw new HTTPException(400, { message: 'The body is not JSON.' })
  })
}

/**
 * An error as problem+json (RFC 9457). The library's errors keep their code and fix; what nobody
 * foresaw is a bare 500, and its text goes to stderr instead.
 */
export function problem(context: Context, error: Error): Response {
  if (error instanceof OnceoverError) {
    const { code, message, fix, details } = error
    return answer(context, STATUS[code] ?? 500, code, message, { fix, details })
  }
  if (error instanceof ZodError) {
    return answer(context, 400, 'INPUT_INVALID', z.prettifyError(error), { issues: error.issues })
  }
  if (error instanceof HTTPException) {
    return answer(context, error.status as ContentfulStatusCode, 'REFUSED', error.message)
  }
  console.error(error)
  return answer(context, 500, 'INTERNAL', 'The request failed; the server has written down why.')
}

function answer(
  context: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  const title = code.toLowerCase().replaceAll('_', ' ')
  const type = `about:blank#${code}`
  return context.body(JSON.stringify({ type, title, status, detail, code, ...more }), status, {
    'content-type': 'application/problem+json',
  })
}
