import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../src/server/server.ts'
import { AT, codeOf, openServed, type Served, visits, writing } from './served.ts'

let served: Served
let open: Server
let guarded: Server
let readOnly: Server

const TOKEN = randomBytes(32).toString('base64url')
const READ_TOKEN = randomBytes(32).toString('base64url')

beforeAll(async () => {
  served = await openServed()
  open = served.serve({ write: true })
  const tokens = [
    { token: TOKEN, actor: 'ana', write: true },
    { token: READ_TOKEN, actor: 'bo' },
  ]
  guarded = served.serve({ write: true, tokens })
  readOnly = served.serve({ tokens })
})
afterAll(() => served.close())

const asked = (headers: Readonly<Record<string, string>>, path = '/api', to = open) =>
  to.fetch(new Request(`${AT}${path}`, { headers })).then(codeOf)

const row = { day: '2025-10-09', patient: 1 }
const rows = { rows: [row], onDuplicate: 'skip', reason: 'test' }
const ROWS = '/api/guards/visits/rows'

describe('a name', () => {
  test.each([
    ['127.0.0.1:4100', '200 OK'],
    ['localhost:4100', '200 OK'],
    ['LOCALHOST:9000', '200 OK'],
    ['[::1]:4100', '200 OK'],
    ['evil.example', '421 HOST_REFUSED'],
    ['evil.example:4100', '421 HOST_REFUSED'],
    ['127.0.0.1.evil.example', '421 HOST_REFUSED'],
    ['localhost.evil.example:4100', '421 HOST_REFUSED'],
    ['localhost.', '421 HOST_REFUSED'],
    ['evil.example, 127.0.0.1:4100', '421 HOST_REFUSED'],
    ['127.0.0.1:4100, evil.example', '421 HOST_REFUSED'],
    ['127.0.0.1:4100@evil.example', '421 HOST_REFUSED'],
    ['0.0.0.0:4100', '421 HOST_REFUSED'],
    ['', '421 HOST_REFUSED'],
  ])('%j is answered with %s', async (host, answer) => {
    expect(await asked({ host })).toBe(answer)
    if (answer !== '200 OK') expect(await asked({ host }, '/healthz')).toBe(answer)
  })

  test('that is listed stands alone, with every port or with its own', async () => {
    const named = served.serve({ hosts: ['ops.example', 'dash.example:8443'] })
    const say = (host: string) => asked({ host }, '/api', named)
    expect(await say('ops.example:9')).toBe('200 OK')
    expect(await say('dash.example:8443')).toBe('200 OK')
    expect(await say('dash.example')).toBe('421 HOST_REFUSED')
    expect(await say('127.0.0.1:4100')).toBe('421 HOST_REFUSED')
  })
})

describe('an origin', () => {
  test.each([
    [{ origin: AT }, '200 OK'],
    [{ origin: AT, 'sec-fetch-site': 'same-origin' }, '200 OK'],
    [{ 'sec-fetch-site': 'none' }, '200 OK'],
    [{ origin: 'http://evil.example' }, '403 ORIGIN_REFUSED'],
    [{ origin: 'null' }, '403 ORIGIN_REFUSED'],
    [{ origin: '' }, '403 ORIGIN_REFUSED'],
    [{ origin: 'http://127.0.0.1:4101' }, '403 ORIGIN_REFUSED'],
    [{ origin: 'https://127.0.0.1:4100' }, '403 ORIGIN_REFUSED'],
    [{ origin: `${AT}.evil.example` }, '403 ORIGIN_REFUSED'],
    [{ origin: 'http://localhost:4100' }, '403 ORIGIN_REFUSED'],
    [{ origin: AT, 'sec-fetch-site': 'cross-site' }, '403 ORIGIN_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site' }, '403 ORIGIN_REFUSED'],
    [{ 'sec-fetch-site': 'same-site' }, '403 ORIGIN_REFUSED'],
  ] as const)('%j is answered with %s, for reading and for writing', async (headers, answer) => {
    expect(await asked(headers)).toBe(answer)
    if (answer === '200 OK') return
    expect(await codeOf(await open.fetch(writing(ROWS, rows, headers)))).toBe(answer)
  })

  test('with TLS before the server is its own, and another one may be listed', async () => {
    const named = served.serve({ hosts: ['ops.example'], origins: ['https://front.example'] })
    const say = (origin: string) => asked({ host: 'ops.example', origin }, '/api', named)
    expect(await say('https://ops.example')).toBe('200 OK')
    expect(await say('https://front.example')).toBe('200 OK')
    expect(await say('http://front.example')).toBe('403 ORIGIN_REFUSED')
  })

  test('may link to the page, and to nothing else', async () => {
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    expect(await asked(link, '/')).not.toContain('ORIGIN_REFUSED')
    expect(await asked(link, '/api')).toBe('403 ORIGIN_REFUSED')
    expect(await asked({ ...link, 'sec-fetch-dest': 'iframe' }, '/')).toBe('403 ORIGIN_REFUSED')
  })

  test('is granted nothing by a preflight', async () => {
    for (const origin of ['http://evil.example', AT]) {
      const headers = { origin, 'access-control-request-method': 'POST' }
      const answer = await open.fetch(new Request(`${AT}${ROWS}`, { method: 'OPTIONS', headers }))
      expect(answer.status).toBe(origin === AT ? 405 : 403)
      const names = [...answer.headers.keys()]
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

describe('a token', () => {
  const bearing = (authorization: string, path = '/api') => asked({ authorization }, path, guarded)

  test('is asked for everywhere but for health, the page and its files', async () => {
    for (const path of ['/api', '/api/openapi.json', '/api/guards', '/api/live', '/metrics']) {
      const answer = await guarded.fetch(new Request(`${AT}${path}`))
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(await codeOf(answer)).toBe('401 TOKEN_REFUSED')
    }
    expect(await asked({}, '/healthz', guarded)).toBe('200 OK')
    expect(await asked({}, '/assets/none.js', guarded)).toBe('404 ROUTE_NOT_FOUND')
  })

  test('is known whole only, in its own case, and by its header only', async () => {
    expect(await bearing(`Bearer ${TOKEN}`)).toBe('200 OK')
    expect(await bearing(`bearer ${TOKEN}`)).toBe('200 OK')
    const swapped = TOKEN.replace(/[a-z]/i, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    )
    const wrong = [TOKEN.slice(0, -1), `${TOKEN}x`, swapped, '', `${TOKEN} ${TOKEN}`]
    const schemes = wrong.map((token) => `Bearer ${token}`)
    for (const each of [...schemes, TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN}, Bearer x`]) {
      expect([each, await bearing(each)]).toEqual([each, '401 TOKEN_REFUSED'])
    }
    expect(await asked({}, `/api?token=${TOKEN}&access_token=${TOKEN}`, guarded)).toContain('401')
    expect(await asked({ cookie: `token=${TOKEN}` }, '/api', guarded)).toContain('401')
  })

  test('that may read only writes nothing, nor does any on a read-only server', async () => {
    const write = (to: Server, token: string) =>
      to.fetch(writing(ROWS, rows, { authorization: `Bearer ${token}` })).then(codeOf)
    expect(await write(guarded, READ_TOKEN)).toBe('403 WRITE_REFUSED')
    expect(await write(readOnly, TOKEN)).toBe('403 WRITE_REFUSED')
    expect(await write(guarded, 'x'.repeat(43))).toBe('401 TOKEN_REFUSED')
    expect(await codeOf(await served.serve().fetch(writing(ROWS, rows)))).toBe('403 WRITE_REFUSED')
    const { rows: found } = await served.database.pool.query('SELECT FROM onceover.event')
    expect(found).toEqual([])
  })
})

describe('a server is refused', () => {
  const tokens = (token: string, actor = 'ana') => ({ tokens: [{ token, actor }] })
  test.each([
    ['a short token', tokens('x'.repeat(31))],
    ['a token with a blank', tokens(`${'x'.repeat(31)} y`)],
    ['a token that no header carries', tokens('ä'.repeat(40))],
    ['a token of nobody', tokens(TOKEN, ' ')],
    ['a token twice', { tokens: [...tokens(TOKEN).tokens, ...tokens(TOKEN, 'bo').tokens] }],
    ['a host with a scheme', { hosts: ['http://ops.example'] }],
    ['a host in capitals', { hosts: ['Ops.example'] }],
    ['every host', { hosts: ['*'] }],
    ['every origin', { origins: ['*'] }],
    ['the origin null', { origins: ['null'] }],
    ['an origin with a path', { origins: ['https://ops.example/'] }],
    ['a base path with a slash at its end', { basePath: '/ops/' }],
    ['a base path of another host', { basePath: '//evil.example' }],
    ['a redacted part that no guard has', { redact: ['pateint'] }],
    ['a guard twice', { guards: [visits, visits] }],
    ['no limit of a body', { bodyLimitBytes: 0 }],
  ])('with %s', (_, options) => {
    expect(() => served.serve(options)).toThrow(expect.objectContaining({ code: 'SERVER_INVALID' }))
  })
})
