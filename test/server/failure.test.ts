import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Logger, OnceoverError, onceover } from '../../src/index.ts'
import { failureFacts } from '../../src/server/failure.ts'
import { type Server, server } from '../../src/server/server.ts'
import { AT, codeOf, openServed, type Served, visits, writing } from './served.ts'

let served: Served

beforeAll(async () => {
  served = await openServed()
})
afterAll(() => served.close())

interface Said {
  readonly lines: string[]
  readonly logger: Logger
}

function listener(): Said {
  const lines: string[] = []
  const say: Logger['info'] = (facts, message) =>
    lines.push(
      JSON.stringify([message, facts], (_, value) => (value instanceof Error ? '!' : value)),
    )
  return { lines, logger: { debug: say, info: say, warn: say, error: say } }
}

const get = (to: Server, path: string, headers: Record<string, string> = {}) =>
  to.fetch(new Request(`${AT}${path}`, { headers }))

const SECRET = 'hunter2-of-the-database'

describe('an answer', () => {
  test('503 says nothing of the inside; the log does', async () => {
    const { lines, logger } = listener()
    const once = await onceover({ db: `postgres://app:${SECRET}@127.0.0.1:1/hidden` })
    const down = server({ once, guards: [visits], logger })
    const answer = await get(down, '/readyz')
    expect(answer.headers.get('retry-after')).toBe('2')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ status: 503, code: 'DATABASE_UNREACHABLE' })
    expect(text).not.toMatch(/127\.0\.0\.1|hidden|hunter2|ECONN|node:|\/src\//)
    expect(lines.join()).toMatch(/ECONNREFUSED/)
    expect(lines.join()).not.toContain(SECRET)
    await down.close()
    await once.close()
  })

  test('500 says nothing of the inside; the log does', async () => {
    const { lines, logger } = listener()
    const create = {
      shifts: () => Promise.reject(new Error(`SELECT secret FROM inside at ${SECRET}`)),
    }
    const broken = served.serve({ write: true, create, logger })
    const rows = { rows: [{ day: '2025-10-09', patient: 1 }], onDuplicate: 'skip', reason: 'r' }
    const answer = await broken.fetch(writing('/api/guards/shifts/rows', rows))
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'UNEXPECTED' })
    expect(text).not.toMatch(/SELECT|hunter2|\.ts|Error:/)
    expect(lines.join()).toContain('SELECT secret')
  })

  test('of any kind has the headers of every answer', async () => {
    const open = served.serve()
    const answers = [
      await get(open, '/api'),
      await get(open, '/healthz'),
      await get(open, '/metrics'),
      await get(open, '/api/live'),
      await get(open, '/nothing'),
      await get(open, '/api', { host: 'evil.example' }),
      await get(open, '/api', { origin: 'null' }),
      await open.fetch(new Request(`${AT}/api`, { method: 'DELETE' })),
      await open.fetch(writing('/api/runs/x/cancel')),
      await get(served.serve({ basePath: '/ops' }), '/ops'),
    ]
    for (const { headers, body } of answers) {
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
        ),
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      })
      expect(
        [...headers.keys()].filter((name) => /^(set-cookie|x-powered|server)/.test(name)),
      ).toEqual([])
      await body?.cancel()
    }
  })

  test('and a log take whole numbers beyond 2^53', async () => {
    const { lines, logger } = listener()
    const key = { day: '2025-10-09', patient: 2n ** 62n }
    const refusal = new OnceoverError('INPUT_INVALID', { message: 'no', details: { key } })
    const failure = new OnceoverError('QUERY_FAILED', { message: 'no', details: { key } })
    const thrown = [refusal, failure]
    const create = { shifts: () => Promise.reject(thrown.shift()) }
    const broken = served.serve({ write: true, create, logger })
    const rows = { rows: [{ day: '2025-10-09', patient: 1 }], onDuplicate: 'skip', reason: 'r' }
    const ask = () => broken.fetch(writing('/api/guards/shifts/rows', rows))
    expect(await (await ask()).json()).toMatchObject({
      details: { key: { patient: '4611686018427387904' } },
    })
    expect(await codeOf(await ask())).toBe('500 QUERY_FAILED')
    expect(lines.join()).toContain('4611686018427387904')
  })

  test('of a failure to HEAD has no body', async () => {
    const answer = await served.serve().fetch(new Request(`${AT}/api/none`, { method: 'HEAD' }))
    expect([answer.status, answer.body]).toEqual([404, null])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  test('405 names the methods, and TRACE and OPTIONS are none', async () => {
    const open = served.serve()
    const options = await open.fetch(new Request(`${AT}/api/runs`, { method: 'OPTIONS' }))
    expect(options.headers.get('allow')).toBe('GET,HEAD')
    expect(await codeOf(options)).toBe('405 METHOD_REFUSED')
    const trace = new Request(`${AT}/api/runs/x/cancel`)
    Object.defineProperty(trace, 'method', { value: 'TRACE' })
    expect((await open.fetch(trace)).headers.get('allow')).toBe('POST')
  })
})

describe('a log', () => {
  const fail = () => {
    const detail = 'Key (day, patient)=(2025-10-09, 4711) already exists.'
    const cause = Object.assign(new Error('duplicate 4711'), { code: '23505', detail })
    return Promise.reject(new Error(`no room for 4711\n    at 4711`, { cause }))
  }

  async function logged(redact: readonly string[]): Promise<string> {
    const { lines, logger } = listener()
    const broken = served.serve({ write: true, create: { shifts: fail }, logger, redact })
    const rows = { rows: [{ day: '2025-10-09', patient: 4711 }], onDuplicate: 'skip', reason: 'r' }
    await broken.fetch(writing('/api/guards/shifts/rows', rows))
    await get(broken, '/api/guards/visits/key?patient=4711&day=2025-10-09')
    await get(broken, '/api/guards/visits/key?patient=4711&wrong=1')
    return lines.join()
  }

  test('quotes an error, and none of it that can hold a value where one is redacted', async () => {
    expect(await logged([])).toMatch(/no room for 4711.*23505/)
    for (const redact of [['patient'], ['*']]) {
      const said = await logged(redact)
      expect(said).toContain('23505')
      expect(said).toMatch(/at fail .*failure\.test\.ts/)
      expect(said).not.toContain('4711')
    }
  })

  test('never holds a token', async () => {
    const { lines, logger } = listener()
    const token = 't'.repeat(40)
    const guarded = served.serve({ tokens: [{ token, actor: 'ana' }], logger })
    await get(guarded, `/api/none?token=${token}`, { authorization: `Bearer ${token}` })
    await get(guarded, '/api', { authorization: `Bearer ${token}x` })
    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toContain('ttt')
  })

  test('takes whatever was thrown', () => {
    expect(failureFacts('words')).toEqual({ thrown: 'words' })
    expect(failureFacts('words', ['*'])).toEqual({ thrown: 'string' })
    const endless = new Error('a')
    endless.cause = endless
    expect(() => JSON.stringify(failureFacts(endless))).not.toThrow()
    const round: Record<string, unknown> = {}
    round.round = round
    for (const details of [undefined, round]) {
      const facts = failureFacts(Object.assign(new Error('a'), { details }))
      expect(() => JSON.stringify(facts)).not.toThrow()
    }
  })
})
