import { z } from 'zod'

/** An error as it is told, in OpenAPI. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  fix: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
})

/** Long work of the server, in OpenAPI. */
export const underwaySchema = z.object({
  guard: z.string(),
  what: z.enum(['run', 'apply', 'undo', 'enforce', 'unenforce']),
  id: z.string().nullable().describe('Of the run or the repair; null of an enforcement.'),
  actor: z.string(),
  startedAt: z.string(),
  progress: z.record(z.string(), z.unknown()).nullable(),
  result: z.record(z.string(), z.unknown()).nullable().describe('What it came to.'),
  error: problemSchema.nullable(),
  endedAt: z.string().nullable().describe('Null while it runs.'),
})
