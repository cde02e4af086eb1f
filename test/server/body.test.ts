import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../src/server/server.ts'
import { AT, codeOf, openServed, type Served, writing } from './served.ts'

let served: Served
let open: Server

const LIMIT = 2000

beforeAll(async () => {
  served = await openServed()
  open = served.serve({ write: true, bodyLimitBytes: LIMIT })
})
afterAll(() => served.close())

const ROWS = '/api/guards/shifts/rows'
const rows = JSON.stringify({
  rows: [{ day: '2025-11-01', patient: 1 }],
  onDuplicate: 'skip',
  reason: 'test',
})

const sent = (body: NonNullable<RequestInit['body']>, type?: string, path = ROWS) =>
  open
    .fetch(
      new Request(`${AT}${path}`, {
        method: 'POST',
        headers: type === undefined ? {} : { 'content-type': type },
        body,
        ...(body instanceof ReadableStream && { duplex: 'half' }),
      }),
    )
    .then(codeOf)

const JSON_TYPE = 'application/json'

describe('a form of another site', () => {
  const form = new FormData()
  form.set('rows', rows)

  test.each([
    ['urlencoded', new URLSearchParams({ rows }), undefined],
    ['multipart', form, undefined],
    ['text that is JSON', rows, 'text/plain'],
    ['text with the type hidden in a parameter', rows, 'text/plain; application/json'],
    ['two types', rows, 'text/plain, application/json'],
    ['no type', new Uint8Array(Buffer.from(rows)), undefined],
    ['another kind of JSON', rows, 'application/json-seq'],
  ])('cannot write: %s', async (_, body, type) => {
    expect(await sent(body, type)).toBe('400 BODY_NOT_JSON')
    expect(await sent(body, type, '/api/guards/shifts/unenforce')).toBe('400 BODY_NOT_JSON')
    expect(await sent(body, type, '/api/runs/x/cancel')).toBe('400 BODY_NOT_JSON')
  })
})

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

const streamed = (bytes: number): ReadableStream<Uint8Array> => {
  const parts = Math.ceil(bytes / 100)
  let given = 0
  return new ReadableStream({
    pull: (controller) => {
      if (given++ < parts) controller.enqueue(new Uint8Array(100).fill(32))
      else controller.close()
    },
  })
}

describe('a body', () => {
  test.each([
    ['that is empty', '', '400 BODY_NOT_JSON'],
    ['that is cut', rows.slice(0, -1), '400 BODY_NOT_JSON'],
    ['that is a number', '7', '400 INPUT_INVALID'],
    ['that is a list', '[]', '400 INPUT_INVALID'],
    ['that is null', 'null', '400 INPUT_INVALID'],
    ['nested without end', deep(900), '400 BODY_NOT_JSON'],
    ['nested in a row', rows.replace('1}', `${deep(70)}}`), '400 BODY_NOT_JSON'],
    [
      'that names a prototype',
      rows.replace('"reason"', '"__proto__":{},"reason"'),
      '400 BODY_NOT_JSON',
    ],
    [
      'with a row that names one',
      rows.replace('"patient"', '"__proto__":{"patient":9},"patient"'),
      '400 BODY_NOT_JSON',
    ],
    ['with a NUL in its reason', rows.replace('test', 'a\\u0000b'), '400 INPUT_INVALID'],
    ['with half a letter in its reason', rows.replace('test', '\\ud800'), '400 INPUT_INVALID'],
    ['at the limit', rows.padEnd(LIMIT), '200 OK'],
    ['over the limit', rows.padEnd(LIMIT + 1), '413 BODY_TOO_LARGE'],
  ])('%s', async (_, body, answer) => {
    expect((await sent(body, JSON_TYPE)).replace('201', '200')).toBe(answer)
    expect(Reflect.get({}, 'patient')).toBeUndefined()
  })

  test('that is no UTF-8', async () => {
    const bytes = Buffer.from(rows)
    bytes[bytes.indexOf('test')] = 0xff
    expect(await sent(bytes, JSON_TYPE)).toBe('400 BODY_NOT_JSON')
  })

  test('whose length is said or not, in pieces, over the limit', async () => {
    expect(await sent(streamed(LIMIT + 100), JSON_TYPE)).toBe('413 BODY_TOO_LARGE')
    expect(await sent(streamed(LIMIT), JSON_TYPE)).toBe('400 BODY_NOT_JSON')
    const liar = writing(ROWS, rows, { 'content-length': '999999999' })
    expect(await codeOf(await open.fetch(liar))).toBe('413 BODY_TOO_LARGE')
  })

  test('that breaks off', async () => {
    const broken = new ReadableStream({ pull: (each) => each.error(new Error('reset')) })
    expect(await sent(broken, JSON_TYPE)).toBe('400 BODY_NOT_JSON')
  })
})

describe('a path or a query', () => {
  const got = (path: string) => open.fetch(new Request(`${AT}${path}`)).then(codeOf)

  test.each([
    ['/api/runs/%00', '400 INPUT_INVALID'],
    ['/api/runs?actor=%00', '400 INPUT_INVALID'],
    ['/api/runs?%00=1', '400 INPUT_INVALID'],
    ['/api/runs/not-an-id', '404 RUN_NOT_FOUND'],
    ["/api/runs/'%20OR%201=1--", '404 RUN_NOT_FOUND'],
    ['/api/guards/__proto__', '404 GUARD_NOT_FOUND'],
    ['/api/guards/constructor', '404 GUARD_NOT_FOUND'],
    ['/api/guards/%ff', '404 GUARD_NOT_FOUND'],
    ['/api/guards/visits%2Fscan', '404 GUARD_NOT_FOUND'],
    ['/api/runs?__proto__=1&constructor=2', '400 INPUT_INVALID'],
    ['/api/runs?limit=501', '400 INPUT_INVALID'],
    ['/api/runs?limit=1e9', '400 INPUT_INVALID'],
    ['/api/runs?cursor=%F0%9F%98%80', '400 USAGE'],
    ['/api/repairs/99999999999999999999', '404 REPAIR_NOT_FOUND'],
    ['/api/repairs/-1', '404 REPAIR_NOT_FOUND'],
    ['/api/claims?part.patient=1%27%20OR%201=1&guard=visits', '200 OK'],
    ['/api/guards/visits/cell?entity=x&period=2025-10-01', '400 INPUT_INVALID'],
    ['/api/guards/visits/cell?entity=99999999999&period=2025-10-01', '400 INPUT_INVALID'],
    ['/api/guards/visits/matrix?to=0001-01-01', '400 INPUT_INVALID'],
    ['/API', '404 ROUTE_NOT_FOUND'],
    ['/api/', '404 ROUTE_NOT_FOUND'],
    ['//api', '404 ROUTE_NOT_FOUND'],
  ])('%s is answered with %s', async (path, answer) => {
    expect(await got(path)).toBe(answer)
  })
})
