import { z } from 'zod'
import { OnceoverError } from '../../index.ts'
import type { ServerContext } from '../context.ts'
import { answer, type Route, route } from '../route.ts'

const about = z.object({
  name: z.literal('onceover'),
  version: z.string(),
  environment: z.string().nullable(),
  target: z.string().describe('Where the database is, without a password.'),
  write: z.boolean().describe('Whether the caller may change anything.'),
  actor: z.string().nullable(),
  schema: z.enum(['ready', 'missing']),
})

async function schemaOf({ once }: ServerContext): Promise<'ready' | 'missing'> {
  try {
    await once.runs({ limit: 1 })
    return 'ready'
  } catch (error) {
    if (error instanceof OnceoverError && error.code === 'NOT_MIGRATED') return 'missing'
    throw error
  }
}

/** What the server is, and who asks. */
export const aboutRoutes = (version: string): readonly Route[] => [
  route({
    method: 'get',
    path: '',
    summary: 'What this server is, and what the caller may do.',
    tag: 'about',
    answers: { 200: { description: 'The server.', schema: about } },
    handle: async ({ caller }, context) =>
      answer(200, {
        name: 'onceover',
        version,
        environment: context.options.environment ?? null,
        target: context.once.target,
        write: caller.write,
        actor: caller.actor,
        schema: await schemaOf(context),
      }),
  }),
]
