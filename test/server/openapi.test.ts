import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { API } from '../../src/server/api.ts'
import { AT, openServed, type Served } from './served.ts'

let served: Served
let told: unknown
let text: string

beforeAll(async () => {
  served = await openServed()
  text = await (await served.serve().fetch(new Request(`${AT}/api/openapi.json`))).text()
  told = JSON.parse(text)
})
afterAll(() => served.close())

const schema = z.union([z.boolean(), z.looseObject({ $schema: z.never().optional() })])
const content = z.record(z.string().regex(/^[\w.+-]+\/[\w.+-]+$/), z.strictObject({ schema }))

const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z]\w*$/i),
  summary: z.string().endsWith('.'),
  tags: z.array(z.string()).length(1),
  parameters: z.array(
    z.strictObject({
      name: z.string().min(1),
      in: z.enum(['path', 'query']),
      required: z.boolean(),
      description: z.string().optional(),
      schema,
    }),
  ),
  requestBody: z
    .strictObject({
      required: z.literal(true),
      content: z.strictObject({ 'application/json': z.unknown() }),
    })
    .optional(),
  responses: z.record(
    z.string().regex(/^(default|[1-5]\d\d)$/),
    z.strictObject({ description: z.string().min(1), content: content.optional() }),
  ),
  security: z.array(z.never()).optional(),
})

/** What OpenAPI 3.1 says of a document like ours. Source: https://spec.openapis.org/oas/v3.1.0 */
const documentSchema = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  paths: z.record(
    z.string().startsWith('/'),
    z.strictObject({ get: operation.optional(), post: operation.optional() }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string(), schema),
    securitySchemes: z.record(
      z.string(),
      z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer') }),
    ),
  }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
})

const operations = () =>
  Object.entries(documentSchema.parse(told).paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, each]) => (each ? [{ path, method, ...each }] : [])),
  )

test('the document is one of OpenAPI 3.1', () => {
  expect(documentSchema.safeParse(told).error?.issues ?? []).toEqual([])
})

test('it has every route of the server, and no other', () => {
  const documented = operations().map(({ method, path }) => `${method} ${path}`)
  const routes = API.map(({ route, path }) => `${route.method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  expect(documented.toSorted()).toEqual(routes.toSorted())
  const ids = operations().map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('it declares the parameters of every path and query, each once', () => {
  for (const { path, parameters } of operations()) {
    const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name)
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect([path, inPath.toSorted()]).toEqual([path, named.toSorted()])
    const places = parameters.map((each) => `${each.in} ${each.name}`)
    expect(places).toEqual([...new Set(places)])
  }
  for (const { route, path } of API) {
    const method = route.method
    const found = operations().find(
      (each) => each.method === method && each.path === path.replace(/:(\w+)/g, '{$1}'),
    )
    expect([path, found?.requestBody !== undefined]).toEqual([path, method === 'post'])
  }
})

test('every reference in it leads somewhere', () => {
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference)
  expect(references).toContain('#/components/schemas/Problem')
  for (const reference of references) {
    const found = String(reference)
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>(
        (at, name) => (typeof at === 'object' && at ? Reflect.get(at, name) : undefined),
        told,
      )
    expect([reference, typeof found]).toEqual([reference, 'object'])
  }
})
