import { expect } from 'vitest'
import type { Route } from '../../src/server/route.ts'
import type { Server } from '../../src/server/server.ts'

/** What else a request has. */
export interface Asking {
  readonly body?: unknown
  /** The status to expect. Default 200; a problem from 400 on. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Whatever JSON says: a test says itself what it expects. */
type Told = ReturnType<typeof JSON.parse>

/** Asks a server: method and path below `api`, such as `GET /runs?limit=1`; answers with JSON. */
export type Ask = (what: string, asking?: Asking) => Promise<Told>

const matches = ({ path }: Route, pathname: string): boolean =>
  new RegExp(`^/api${path.replace(/:\w+/g, '[^/]+')}$`).test(pathname)

/** Asks a server, and holds each answer against the schema of its route: nothing more or less. */
export function asking(served: Server, routes: readonly Route[]): Ask {
  return async (what, { body, status = 200, headers } = {}) => {
    const [method = '', path = ''] = what.split(' ')
    const url = new URL(`http://127.0.0.1:4100/api${path}`)
    const response = await served.fetch(
      new Request(url, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    expect({ status: response.status, ...(response.status !== status && { text }) }).toEqual({
      status,
    })
    const told: Told = JSON.parse(text)
    if (status >= 400) return told
    const route = routes.find(
      (each) => each.method.toUpperCase() === method && matches(each, url.pathname),
    )
    const schema = route?.answers[status]?.schema
    if (!schema) throw new Error(`${what} has no schema for ${status}`)
    expect(schema.parse(told)).toEqual(told)
    return told
  }
}
