import { z } from 'zod'
import { OnceoverError } from '../index.ts'
import type { ServerContext } from './context.ts'
import type { Caller } from './security.ts'

/** What a route answers with. */
export interface Answer {
  readonly status: number
  /** JSON, or an answer that is ready to send. */
  readonly body: object | Response
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that was read: each part is what the route's schema made of it. */
export interface Asked<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  /** Aborted when the client went away or the server closes. */
  readonly signal: AbortSignal
  readonly request: Request
}

/** One status that a route may answer with. */
export interface AnswerSchema {
  readonly description: string
  readonly schema?: z.ZodType
  /** Default: `application/json`. */
  readonly type?: string
}

/** A route as it is declared: the same schemas check requests and make the OpenAPI document. */
export interface RouteDefinition<Params, Query, Body> {
  readonly method: 'get' | 'post'
  /** Below `api`, such as `/guards/:guard`. */
  readonly path: string
  readonly summary: string
  /** The noun that it belongs to. */
  readonly tag: string
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly answers: Readonly<Record<number, AnswerSchema>>
  /** Whether it changes anything. Default: every POST does. */
  readonly writes?: boolean
  /** Whether it answers without a token too. */
  readonly open?: boolean
  /**
   * Whether callers who ask the same at once share one answer. For what reads, and says the same to
   * everybody.
   */
  readonly shared?: boolean
  /** Whether it may take long: a few of these are answered at a time. */
  readonly heavy?: boolean
  readonly handle: (
    asked: Asked<Params, Query, Body>,
    context: ServerContext,
  ) => Promise<Answer> | Answer
}

/** A route whose types are known to itself only. */
export type Route = RouteDefinition<never, never, never>

/** A route and its whole path below the place where the server is mounted. */
export interface PlacedRoute {
  readonly path: string
  readonly route: Route
}

// A name that means nothing is a slip: left out, `selecton` would retry all there is.
const strictly = <T>(schema: z.ZodType<T> | undefined): z.ZodType<T> | undefined =>
  schema instanceof z.ZodObject && schema.def.catchall === undefined
    ? (schema.strict() as unknown as z.ZodType<T>)
    : schema

/** Declares a route. A query or a body with a name that its schema does not have is refused. */
export const route = <Params = unknown, Query = unknown, Body = unknown>(
  definition: RouteDefinition<Params, Query, Body>,
): Route => {
  const query = strictly(definition.query)
  const body = strictly(definition.body)
  return { ...definition, ...(query && { query }), ...(body && { body }) } as unknown as Route
}

/** Answers with JSON. */
export const answer = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ status, body, headers })

/**
 * What a schema makes of a part of a request.
 *
 * @param where what is read, for the message: `query`, `body`, `path`
 * @throws OnceoverError INPUT_INVALID with every misfit
 */
export function read<T>(schema: z.ZodType<T> | undefined, given: unknown, where: string): T {
  if (!schema) return given as T
  const found = schema.safeParse(given)
  if (found.success) return found.data
  const misfits = found.error.issues.map(({ path, message }) => {
    const place = [where, ...path.map(String)].join('.')
    return `${place}: ${message}`
  })
  throw new OnceoverError('INPUT_INVALID', {
    message: `The request does not fit: ${misfits.join('; ')}.`,
    fix: 'Compare it with api/openapi.json.',
    details: { misfits },
  })
}
