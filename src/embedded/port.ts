import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'

const ATTEMPTS = 10
const PAUSE_MS = 200

/**
 * Starts something on the wanted port, or on a free one. Between looking for a free port and
 * binding it somebody else may take it: then another one is tried.
 *
 * @throws EMBEDDED_START_FAILED when the wanted port is taken.
 */
export async function startOnPort<T>(
  wanted: number | undefined,
  start: (port: number) => Promise<T>,
  choose: () => Promise<number> = freePort,
): Promise<{ readonly started: T; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await choose())
    try {
      return { started: await start(port), port }
    } catch (error) {
      const taken = logSays(error, 'Address already in use')
      if (taken && wanted !== undefined) throw portTaken(wanted, error)
      // Backends of a server that was killed a moment ago need a moment to notice.
      const lingering = logSays(error, 'pre-existing shared memory block')
      if (attempt === ATTEMPTS || !(taken || lingering)) throw error
      if (lingering) await sleep(PAUSE_MS)
    }
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function logSays(error: unknown, text: string): boolean {
  const log = error instanceof OnceoverError ? error.details.log : undefined
  return Array.isArray(log) && log.some((line) => String(line).includes(text))
}

function portTaken(port: number, cause: unknown): OnceoverError {
  return new OnceoverError('EMBEDDED_START_FAILED', {
    message: `Port ${port} of 127.0.0.1 is already in use.`,
    fix: 'Leave the port out to get a free one, or stop what listens on it.',
    details: { port, ...(cause instanceof OnceoverError ? cause.details : {}) },
    cause,
  })
}
