import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Listening, type ListenOptions, listen, type Server } from '../../src/server/server.ts'
import { codeOf, openServed, type Served } from './served.ts'

let served: Served
let listening: Listening | undefined

beforeAll(async () => {
  served = await openServed()
})
afterAll(() => served.close())
afterEach(async () => {
  await listening?.close()
  listening = undefined
})

async function start(server: Server, options: ListenOptions = {}): Promise<URL> {
  listening = await listen(server, { port: 0, ...options })
  return new URL(listening.url)
}

/** Sends bytes as they are; answers with all that comes until the server hangs up. */
const raw = ({ port }: URL, ...lines: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(lines.join('\r\n')))
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.once('close', () => resolve(answer)).once('error', reject)
  })

const END = ['Connection: close', '', '']
const statusOf = (answer: string): string => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer

describe('a listener', () => {
  test('is asked by the names of loopback with its own port only', async () => {
    const at = await start(served.serve())
    const host = async (name: string) =>
      statusOf(await raw(at, 'GET /api HTTP/1.1', `Host: ${name}`, ...END))
    expect(await host(`127.0.0.1:${at.port}`)).toBe('200')
    expect(await host(`LocalHost:${at.port}`)).toBe('200')
    expect(await host(`[::1]:${at.port}`)).toBe('200')
    for (const name of ['127.0.0.1', 'localhost', 'localhost:1', `evil.example:${at.port}`]) {
      expect([name, await host(name)]).toEqual([name, '421'])
    }
  })

  test('is asked by the names that it was given besides', async () => {
    const at = await start(served.serve({ hosts: ['ops.example', 'localhost:9000'] }))
    for (const name of ['ops.example', 'localhost:9000', `127.0.0.1:${at.port}`]) {
      const answer = await raw(at, 'GET /api HTTP/1.1', `Host: ${name}`, ...END)
      expect([name, statusOf(answer)]).toEqual([name, '200'])
    }
  })

  test.each([
    ['no Host', ['GET /api HTTP/1.1']],
    ['two of them', ['GET /api HTTP/1.1', 'Host: localhost:PORT', 'Host: evil.example']],
    [
      'two of them, the other way',
      ['GET /api HTTP/1.1', 'Host: evil.example', 'Host: localhost:PORT'],
    ],
    ['a Host that is none', ['GET /api HTTP/1.1', 'Host: a b@c']],
    ['an old request without one', ['GET /api HTTP/1.0']],
    [
      'a whole URL that says another',
      ['GET http://localhost:PORT/api HTTP/1.1', 'Host: evil.example'],
    ],
    ['no path', ['GET * HTTP/1.1', 'Host: localhost:PORT']],
    ['a backslash', ['GET /..\\..\\etc\\passwd HTTP/1.1', 'Host: localhost:PORT']],
    [
      'a line break in a header',
      ['GET /api HTTP/1.1', 'Host: localhost:PORT', 'Origin: x\ny: z\u0000'],
    ],
    [
      'a length and pieces',
      [
        'POST /api HTTP/1.1',
        'Host: localhost:PORT',
        'Content-Length: 4',
        'Transfer-Encoding: chunked',
      ],
    ],
    ['a tunnel', ['CONNECT evil.example:443 HTTP/1.1', 'Host: localhost:PORT']],
  ])('gives nothing to a request with %s', async (_, lines) => {
    const at = await start(served.serve())
    const answer = await raw(at, ...lines.map((line) => line.replace('PORT', at.port)), ...END)
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
    expect(answer).not.toMatch(/"onceover"|Error|\n {4}at /)
  })

  test('answers what cannot be read with the headers of every answer', async () => {
    const at = await start(served.serve())
    const lines = ['GET /a\\b HTTP/1.1', `Host: 127.0.0.1:${at.port}`, ...END]
    const answer = await raw(at, ...lines)
    expect(answer).toMatch(/content-security-policy: default-src 'none'/i)
    expect(answer).toContain('application/problem+json')
  })

  test.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd.json',
    '/package.json%00.js',
  ])('has no file at %s', async (path) => {
    const at = await start(served.serve())
    const answer = await raw(at, `GET ${path} HTTP/1.1`, `Host: localhost:${at.port}`, ...END)
    expect(statusOf(answer)).toBe('404')
    expect(answer).not.toContain('devDependencies')
  })

  test('hangs up on pieces that go on beyond the limit', async () => {
    const at = await start(served.serve({ write: true, bodyLimitBytes: 100 }))
    const piece = `40\r\n${' '.repeat(64)}\r\n`
    const answer = await raw(
      at,
      'POST /api/guards/shifts/rows HTTP/1.1',
      `Host: localhost:${at.port}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close',
      '',
      piece.repeat(8),
    )
    expect(statusOf(answer)).toBe('413')
  })

  test('hangs up on headers that never end', async () => {
    const at = await start(served.serve(), { headersMs: 200 })
    expect(statusOf(await raw(at, 'GET /api HTTP/1.1', `Host: localhost:${at.port}`))).toBe('408')
  })

  test('reads the query of no header, and the header of no query', async () => {
    const token = 'q'.repeat(40)
    const at = await start(served.serve({ tokens: [{ token, actor: 'ana' }] }))
    expect(await codeOf(await fetch(new URL(`api?token=${token}`, at)))).toBe('401 TOKEN_REFUSED')
    const headers = { authorization: `Bearer ${token}` }
    expect(await codeOf(await fetch(new URL('api', at), { headers }))).toBe('200 OK')
    const twice = [`Authorization: Bearer ${token}`, 'Authorization: Bearer x']
    const answer = await raw(at, 'GET /api HTTP/1.1', `Host: ${at.host}`, ...twice, ...END)
    expect(statusOf(answer)).toBe('401')
  })
})

describe('an address that others reach', () => {
  const refused = { code: 'SERVER_INVALID' }
  const tokens = [{ token: 'k'.repeat(40), actor: 'ana' }]

  test.each(['0.0.0.0', '::', '', '192.0.2.1', 'ops.example', '127.0.0.1.evil.example'])(
    '%j is refused without tokens',
    async (host) => {
      await expect(start(served.serve({ hosts: ['a.example'] }), { host })).rejects.toMatchObject(
        refused,
      )
    },
  )

  test('needs the names too where it is every address', async () => {
    await expect(start(served.serve({ tokens }), { host: '0.0.0.0' })).rejects.toMatchObject(
      refused,
    )
    const at = await start(served.serve({ tokens, hosts: ['ops.example'] }), { host: '0.0.0.0' })
    expect(at.hostname).toBe('127.0.0.1')
    expect((await fetch(new URL('healthz', at))).status).toBe(200)
  })
})

describe('the end', () => {
  test('of a listener ends its streams, and a second one does nothing', async () => {
    const at = await start(served.serve())
    const stream = await fetch(new URL('api/live', at))
    expect(stream.headers.get('content-security-policy')).toContain("default-src 'none'")
    const heard = stream.text().catch(() => '')
    await listening?.close()
    await listening?.close()
    expect(await heard).toContain('retry')
    await expect(fetch(new URL('healthz', at))).rejects.toThrow()
  })

  test('of a port that is taken comes before it begins', async () => {
    const at = await start(served.serve())
    await expect(listen(served.serve(), { port: Number(at.port) })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining(at.port),
    })
  })
})
