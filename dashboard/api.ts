import type { Query } from './route.ts'
import { bearer } from './token.ts'

/** What went wrong with a request, in words for a person. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The catalogue's code, or OFFLINE, UNAUTHORIZED, HTTP_n. */
  readonly code: string
  readonly status: number
  readonly title: string
  /** What to do. */
  readonly fix: string | undefined
  readonly details: unknown

  constructor(parts: {
    readonly code: string
    readonly status: number
    readonly title: string
    readonly detail: string
    readonly fix?: string | undefined
    readonly details?: unknown
  }) {
    super(parts.detail)
    this.code = parts.code
    this.status = parts.status
    this.title = parts.title
    this.fix = parts.fix
    this.details = parts.details
  }

  /** Whether it may go away by itself: the server or the database is not there just now. */
  get isOutage(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

/** The address of a route, relative to the page: `apiPath(['guards', name], { limit: 50 })`. */
export function apiPath(path: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const search = new URLSearchParams(given).toString()
  return `${['api', ...path.map(encodeURIComponent)].join('/')}${search && `?${search}`}`
}

/** Asks for something. @throws ApiError */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal ? { signal } : {})
}

/** Changes something: JSON out, JSON back. @throws ApiError */
export function post<T>(path: string, body: object = {}): Promise<T> {
  return ask<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Sends a request with the token of the tab. @throws ApiError where no answer came. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  const token = bearer()
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError({
      code: 'OFFLINE',
      status: 0,
      title: 'The server does not answer',
      detail: 'The request did not arrive, or its answer did not come back.',
      fix: 'See whether the server still runs and the network is up. The page tries again.',
    })
  }
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await send(path, init)
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as T
  throw problemOf(response, body)
}

/** The error that an answer stands for. */
export function problemOf({ status, statusText }: Response, body: unknown): ApiError {
  const problem = typeof body === 'object' && body !== null ? body : {}
  const word = (name: string): string | undefined => {
    const value: unknown = Reflect.get(problem, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return new ApiError({
    code: word('code') ?? (status === 401 ? 'UNAUTHORIZED' : `HTTP_${status}`),
    status,
    title: word('title') ?? statusText ?? 'The request failed',
    detail: word('detail') ?? `The server answered ${status}.`,
    fix: word('fix'),
    details: Reflect.get(problem, 'details'),
  })
}

/** Any error as one that can be shown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new ApiError({ code: 'PAGE', status: -1, title: 'The page failed', detail })
}
