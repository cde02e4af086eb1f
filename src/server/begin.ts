import type { ServerContext } from './context.ts'
import { forgetFacts } from './guard-facts.ts'
import type { Underway, UnderwayStart, UnderwayWork } from './underway.ts'

// What is refused is refused within moments, mostly: nobody must look for it elsewhere.
const PATIENCE_MS = 5000

/** Long work that says when it is past all that could refuse it. */
export interface BegunWork extends UnderwayWork {
  readonly begun: () => void
}

async function forgetting<T>(context: ServerContext, guard: string, work: Promise<T>): Promise<T> {
  return work.finally(() => forgetFacts(context, guard))
}

/**
 * Starts long work, and answers once it says that it has begun, is over, or takes its time.
 *
 * @throws OnceoverError GUARD_BUSY, and what the work throws before it has begun
 */
export const begin = (
  context: ServerContext,
  start: UnderwayStart,
  work: (given: BegunWork) => Promise<object>,
): Promise<Underway> =>
  new Promise((resolve, reject) => {
    const { underway } = context
    const latest = (state: Underway) =>
      underway
        .of(start.guard)
        .find(({ what, startedAt }) => what === start.what && startedAt === state.startedAt)
    // After whatever the register has to write down of the end.
    const answer = () => setImmediate(() => resolve(latest(state) ?? state))
    const state = underway.start(start, async (given) => {
      try {
        return await forgetting(context, start.guard, work({ ...given, begun: answer }))
      } catch (error) {
        reject(error)
        throw error
      } finally {
        clearTimeout(timer)
        answer()
      }
    })
    const timer = setTimeout(answer, PATIENCE_MS)
  })

/**
 * Does long work, and answers with what it came to.
 *
 * @throws OnceoverError GUARD_BUSY, and what the work throws
 */
export const untilEnd = <T extends object>(
  context: ServerContext,
  start: UnderwayStart,
  work: (given: UnderwayWork) => Promise<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    context.underway.start(start, async (given) => {
      try {
        const result = await forgetting(context, start.guard, work(given))
        resolve(result)
        return result
      } catch (error) {
        reject(error)
        throw error
      }
    })
  })
