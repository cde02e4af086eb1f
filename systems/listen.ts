import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'

/** The only address that anything of the systems listens on. */
export const HOST = '127.0.0.1'

/** A server that answers. */
export interface Listening {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string
  /** Ends it; requests that are being answered are cut off. */
  close(): Promise<void>
}

/**
 * Serves an app on 127.0.0.1.
 *
 * @param port 0, the default, takes any free one
 */
export async function listen(app: Hono, port = 0): Promise<Listening> {
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://${HOST}:${bound}`, close }
}
