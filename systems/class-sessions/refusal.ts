import type { Context } from 'hono'

/** A refusal that the system itself decides, in the shape of RFC 9457. */
export interface Refusal {
  readonly status: 404 | 409 | 422
  /** Stable name of the refusal, in capitals. */
  readonly code: string
  readonly detail: string
  /** Members of this kind of problem, such as the existing id. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** Answers a refusal as application/problem+json. */
export function refuse(context: Context, { status, code, detail, more }: Refusal): Response {
  const title = code.toLowerCase().replaceAll('_', ' ')
  const document = { type: `about:blank#${code}`, title, status, detail, code, ...more }
  return context.body(JSON.stringify(document), status, {
    'content-type': 'application/problem+json',
  })
}
