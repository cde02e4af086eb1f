import { type DuplicatesOptions, duplicateProblem, PROBLEM_JSON } from './problem.ts'

export type { DuplicatesOptions, Problem, RejectedRow } from './problem.ts'

/** What is used of Hono's context; any version that has it fits. */
export interface HonoContext {
  readonly error: Error | undefined
  get res(): Response
  set res(response: Response)
}

/**
 * Hono: answers duplicates of the routes after it with 409 and application/problem+json. Whatever
 * else was thrown keeps the answer that it has.
 *
 * ```ts
 * app.use(duplicates({ once, guards: [visits] }))
 * ```
 */
export const duplicates =
  (options: DuplicatesOptions) =>
  async (context: HonoContext, next: () => Promise<void>): Promise<void> => {
    const startedAt = new Date()
    await next()
    if (context.error === undefined) return
    const problem = await duplicateProblem(context.error, options, startedAt)
    if (!problem) return
    context.res = new Response(JSON.stringify(problem), {
      status: problem.status,
      headers: { 'content-type': PROBLEM_JSON },
    })
  }
