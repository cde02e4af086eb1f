import { z } from 'zod'
import { PROBLEM_JSON } from './problem.ts'
import type { AnswerSchema, PlacedRoute, Route } from './route.ts'

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

const operation = (route: Route): object => {
  const { summary, tag, params, query, body, answers, open } = route
  const responses = Object.entries(answers).map(([status, each]) => [status, answerDocument(each)])
  return {
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
  for (const { path: placed, route } of routes) {
    const path = placed.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
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
