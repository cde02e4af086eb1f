import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ErrorCode, OnceoverError } from 'onceover'
import { ZodError, z } from 'zod'

/** The errors of the library that are about the request: whoever sent it can read them and act. */
const ABOUT_REQUEST: ReadonlyMap<ErrorCode, ContentfulStatusCode> = new Map([
  ['INPUT_INVALID', 400],
  ['ALLOW_NEEDS_REASON', 400],
  ['ROWS_REJECTED', 409],
])

/** The errors that the same request may not meet again. A repeated request makes nothing twice. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  ...(['DATABASE_UNREACHABLE', 'DATABASE_SILENT', 'DATABASE_MISSING'] as const),
  ...(['CONNECTION_LOST', 'POOL_EXHAUSTED', 'TIMEOUT'] as const),
  ...(['TRANSACTION_CONFLICT', 'COMMIT_UNKNOWN', 'GUARD_NOT_ENFORCED'] as const),
])

const RETRY_AFTER_S = '1'

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
 * An error as problem+json (RFC 9457); duplicates are answered before it, by `onceover/hono` in the
 * routes of each system. What is about the request keeps its text. Of everything else the text may
 * name the database or its SQL, so it goes to stderr: the answer is a 503 where trying again may
 * help, and otherwise a bare 500.
 */
export function problem(context: Context, error: Error): Response {
  if (error instanceof OnceoverError) {
    const { code, message, fix, details } = error
    const status = ABOUT_REQUEST.get(code)
    if (status !== undefined) return answer(context, status, code, message, { fix, details })
  }
  if (error instanceof ZodError) {
    return answer(context, 400, 'INPUT_INVALID', z.prettifyError(error), { issues: error.issues })
  }
  if (error instanceof HTTPException) {
    return answer(context, error.status as ContentfulStatusCode, 'REFUSED', error.message)
  }
  console.error(error)
  if (error instanceof OnceoverError && PASSING.has(error.code)) {
    context.header('retry-after', RETRY_AFTER_S)
    return answer(context, 503, error.code, 'The request could not be done now; send it again.')
  }
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
