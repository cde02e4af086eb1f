import { OnceoverError } from '../index.ts'
import type { ServerOptions } from './options.ts'

const DEFAULT_BODY_BYTES = 1_048_576

// No request is meant to be deeper; what recurses over one must not run out of stack.
const MOST_DEPTH = 64

const refused = (message: string): OnceoverError => new OnceoverError('BODY_NOT_JSON', { message })

async function bytesOf(request: Request, most: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new OnceoverError('BODY_TOO_LARGE', { message: `The body has more than ${most} bytes.` })
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of request.body ?? []) {
      size += part.byteLength
      if (size > most) throw tooLarge()
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof OnceoverError) throw error
    throw refused('The body did not come whole.')
  }
  return Buffer.concat(parts)
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refused('The body is no JSON.')
  }
}

/** Refuses what could surprise whoever copies or walks it. */
function checkShape(body: unknown): void {
  let level: readonly unknown[] = [body]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) throw refused(`The body is nested deeper than ${MOST_DEPTH} levels.`)
    const objects = level.filter((value) => typeof value === 'object' && value !== null)
    if (objects.some((each) => Object.hasOwn(each, '__proto__'))) {
      throw refused('The body has a property called __proto__.')
    }
    level = objects.flatMap((each) => Object.values(each))
  }
}

/**
 * The JSON of a request. Only application/json: a form of another site cannot send that without
 * being asked for it first.
 *
 * @throws OnceoverError BODY_NOT_JSON, BODY_TOO_LARGE
 */
export async function readJson(
  request: Request,
  { bodyLimitBytes = DEFAULT_BODY_BYTES }: Pick<ServerOptions, 'bodyLimitBytes'>,
): Promise<unknown> {
  const [type] = (request.headers.get('content-type') ?? '').split(';')
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw refused('The body is not sent as application/json.')
  }
  const body = parse(await bytesOf(request, bodyLimitBytes))
  checkShape(body)
  return body
}
