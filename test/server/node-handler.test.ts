import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nodeHandler } from '../../src/server/server.ts'
import { AT, codeOf, openServed, type Served } from './served.ts'

let served: Served
let at: string
let stop = () => {}

beforeAll(async () => {
  served = await openServed()
})
afterAll(() => served.close())
afterEach(() => stop())

async function start(handler: RequestListener): Promise<void> {
  const http = createServer(handler)
  stop = () => {
    http.closeAllConnections()
    http.close()
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  at = `http://127.0.0.1:${port}`
}

let day = 1

const body = () =>
  JSON.stringify({
    rows: [{ day: `2025-11-${String(day++).padStart(2, '0')}`, patient: 1 }],
    onDuplicate: 'skip',
    reason: 'test',
  })

const post = (path: string, text: string, type = 'application/json') =>
  fetch(`${at}${path}`, { method: 'POST', headers: { 'content-type': type }, body: text })

const ROWS = '/ops/api/guards/shifts/rows'

describe('below a path of express', () => {
  const parsers = [
    ['nothing', undefined],
    ['express.json()', express.json()],
    ['a parser of bytes', express.raw({ type: 'application/json' })],
    ['a parser of text', express.text({ type: 'application/json' })],
  ] as const

  test.each(parsers)('it reads and writes after %s', async (_, parser) => {
    const app = express()
    if (parser) app.use(parser)
    app.use('/ops', nodeHandler(served.serve({ write: true })))
    app.use((_request, response) => void response.status(418).end())
    await start(app)
    expect(await codeOf(await fetch(`${at}/ops/api`))).toBe('200 OK')
    expect(await codeOf(await fetch(`${at}/ops/api/nothing`))).toBe('404 ROUTE_NOT_FOUND')
    expect((await fetch(`${at}/opsx/api`)).status).toBe(418)
    const made = await post(ROWS, body())
    expect([made.status, await made.json()]).toMatchObject([
      201,
      { verdicts: [{ verdict: 'created' }] },
    ])
  })

  test.each([
    [
      'express.urlencoded()',
      express.urlencoded({ extended: true }),
      'application/x-www-form-urlencoded',
    ],
    ['express.json() of any type', express.json({ type: '*/*' }), 'text/plain'],
    ['express.text()', express.text(), 'text/plain'],
  ])('a form is refused after %s too', async (_, parser, type) => {
    const app = express()
    app.use(parser)
    app.use('/ops', nodeHandler(served.serve({ write: true })))
    await start(app)
    expect(await codeOf(await post(ROWS, body(), type))).toBe('400 BODY_NOT_JSON')
  })

  test('the limit of a body holds for one that was read before', async () => {
    const app = express()
    app.use(express.json())
    app.use('/ops', nodeHandler(served.serve({ write: true, bodyLimitBytes: 50 })))
    await start(app)
    expect(await codeOf(await post(ROWS, body()))).toBe('413 BODY_TOO_LARGE')
  })

  test('the page is found with a slash at its end, wherever it is mounted', async () => {
    const inner = express()
    inner.use('/once', nodeHandler(served.serve()))
    const app = express()
    app.use('/ops', inner)
    await start(app)
    const answer = await fetch(`${at}/ops/once?a=//evil.example`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([308, './once/'])
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await codeOf(await fetch(`${at}/ops/once/api`))).toBe('200 OK')
  })

  test('a base path that is said twice counts once', async () => {
    const app = express()
    app.use('/ops', nodeHandler(served.serve({ basePath: '/ops' })))
    await start(app)
    expect(await codeOf(await fetch(`${at}/ops/api`))).toBe('200 OK')
  })

  test('a foreign name and origin are refused there too', async () => {
    const app = express()
    app.use('/ops', nodeHandler(served.serve()))
    await start(app)
    const answer = await fetch(`${at}/ops/api`, { headers: { origin: 'http://evil.example' } })
    expect(await codeOf(answer)).toBe('403 ORIGIN_REFUSED')
  })
})

describe('in an app of hono', () => {
  const ask = (app: Hono, path: string) => app.fetch(new Request(`${AT}${path}`))

  test('it answers below its base path, and the page with a slash', async () => {
    const server = served.serve({ basePath: '/ops', write: true })
    const app = new Hono()
    app.all('/ops/*', (c) => server.fetch(c.req.raw))
    app.get('/opsx/*', (c) => server.fetch(c.req.raw))
    expect(await codeOf(await ask(app, '/ops/api'))).toBe('200 OK')
    const page = await ask(app, '/ops')
    expect([page.status, page.headers.get('location')]).toEqual([308, './ops/'])
    for (const path of ['/opsx/api', '/opsx/ops/api', '/ops/ops/api', '/ops/%6fps/api']) {
      expect([path, await codeOf(await ask(app, path))]).toEqual([path, '404 ROUTE_NOT_FOUND'])
    }
    const made = await app.fetch(
      new Request(`${AT}${ROWS}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: body(),
      }),
    )
    expect(made.status).toBe(201)
  })

  test('it answers where the app takes its path away', async () => {
    const server = served.serve()
    const app = new Hono()
    app.mount('/ops', (request: Request) => server.fetch(request))
    expect(await codeOf(await ask(app, '/ops/api'))).toBe('200 OK')
    expect(await codeOf(await ask(app, '/api'))).toBe('404 OK')
  })
})

test('alone it is a handler of Node', async () => {
  await start(nodeHandler(served.serve()))
  expect(await codeOf(await fetch(`${at}/api`))).toBe('200 OK')
  expect((await fetch(`${at}/api/runs`, { method: 'HEAD' })).status).toBe(200)
})
