import { type DuplicatesOptions, duplicateProblem, PROBLEM_JSON } from './problem.ts'

export type { DuplicatesOptions, Problem, RejectedRow } from './problem.ts'

/** What is used of an answer: that of Express, Connect and Node's own http fit. */
export interface ExpressResponse {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/**
 * Express: answers duplicates of the routes before it with 409 and application/problem+json, and
 * passes every other error on as it is.
 *
 * ```ts
 * app.use(duplicates({ once, guards: [visits] })) // after the routes
 * ```
 */
export const duplicates =
  (options: DuplicatesOptions) =>
  async (
    error: unknown,
    _request: unknown,
    response: ExpressResponse,
    next: (error?: unknown) => void,
  ): Promise<void> => {
    const problem = response.headersSent ? undefined : await duplicateProblem(error, options)
    if (!problem) {
      next(error)
      return
    }
    response.statusCode = problem.status
    response.setHeader('content-type', PROBLEM_JSON)
    response.end(JSON.stringify(problem))
  }
