import { z } from 'zod'
import { PROBLEM_JSON } from './problem.ts'
import type { AnswerSchema, PlacedRoute } from './route.ts'

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  fix: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
})

const JSON_SCHEMA = { target: 'draft-2020-12', unrepresentable: 'any' } as const

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { ...JSON_SCHEMA, io })
  return rest
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

const parameters = (place: 'path' | 'query', schema: z.ZodType | undefined): readonly object[] => {
  if (!schema) return []
  const { properties = {}, required = [] }: ObjectSchema = jsonSchema(schema, 'input')
  return Object.entries(properties).map(([name, described]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: described,
  }))
}

const answerDocument = ({ description, schema, type = 'application/json' }: AnswerSchema) => ({
  description,
  ...(schema && { content: { [type]: { schema: jsonSchema(schema, 'output') } } }),
})

/** Such as `getGuardsGuardScan`: what a generated client calls it. */
const nameOf = (method: string, path: string): string =>
  [method, ...path.split(/\W+/)]
    .filter((word) => word !== '' && word !== 'api')
    .map((word, place) => (place === 0 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join('')

const operation = ({ path, route }: PlacedRoute): object => {
  const { method, summary, tag, params, query, body, answers, open } = route
  const responses = Object.entries(answers).map(([status, each]) => [status, answerDocument(each)])
  return {
    operationId: nameOf(method, path),
    summary,
    tags: [tag],
    ...(open && { security: [] }),
    parameters: [...parameters('path', params), ...parameters('query', query)],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: jsonSchema(body, 'input') } },
      },
    }),
    responses: {
      ...Object.fromEntries(responses),
      default: {
        description: 'A problem; docs/errors.md has a heading for its code.',
        content: { [PROBLEM_JSON]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/**
 * The OpenAPI 3.1 document of routes, made of the schemas that check their requests. Its server is
 * the place where the document was got, wherever that is mounted.
 */
export function openapi(routes: readonly PlacedRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const placed of routes) {
    const path = placed.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [placed.route.method]: operation(placed) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Onceover', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '..' }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problem, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ token: [] }, {}],
  }
}
