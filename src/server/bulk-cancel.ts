import {
  type CancelOptions,
  type Onceover,
  OnceoverError,
  type RunFilter,
  type StoredRun,
} from '../index.ts'
import { type Problem, problemOf } from './problem.ts'

/** What became of one run of many that were to be cancelled. */
export interface RunCancelled {
  readonly run: string
  readonly guard: string
  /** False where it had ended in the meantime. */
  readonly cancelled: boolean
  readonly claims: number
  /** Why it could not be cancelled; the others were. */
  readonly error: Problem | null
}

/** What became of all of them. */
export interface RunsCancelled {
  /** How many were cancelled. */
  readonly runs: number
  /** How many claims were cancelled: their keys are free. */
  readonly claims: number
  readonly results: readonly RunCancelled[]
}

/** The states of runs that can be cancelled. */
export const CANCELLABLE = ['running', 'crashed', 'stopped'] as const

/** How many runs can be cancelled at once. */
export const MOST_RUNS = 1000

/** What was confirmed: how many runs, and by their ids which. */
export interface Confirmed {
  readonly expect: number
  readonly runs?: readonly string[] | undefined
}

/**
 * The runs that a filter finds now: who confirmed some of them must not cancel others.
 *
 * @throws OnceoverError SELECTION_CHANGED where they are not those that were confirmed,
 * INPUT_INVALID for more than a thousand
 */
export async function freezeRuns(
  once: Onceover,
  filter: RunFilter,
  { expect, runs: ids }: Confirmed,
): Promise<readonly StoredRun[]> {
  const runs = await once.runs({ state: CANCELLABLE, ...filter, limit: MOST_RUNS + 1 })
  if (runs.length > MOST_RUNS) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `More than ${MOST_RUNS} runs match: so many are not cancelled at once.`,
      fix: 'Narrow the filter: a guard, an actor, a time.',
    })
  }
  const others = ids ? runs.filter(({ id }) => !ids.includes(id)).length : 0
  if (runs.length === expect && others === 0) return runs
  const now = others > 0 ? `, ${others} of them others` : ''
  throw new OnceoverError('SELECTION_CHANGED', {
    message: `${runs.length} runs match now${now}; ${expect} were confirmed: none was cancelled.`,
    details: { expected: expect, found: runs.length, others },
  })
}

/** Cancels runs one after the other; one that cannot be cancelled does not keep the others. */
export async function cancelRuns(
  once: Onceover,
  runs: readonly StoredRun[],
  how: CancelOptions,
): Promise<RunsCancelled> {
  const results: RunCancelled[] = []
  for (const { id, guard } of runs) {
    try {
      results.push({ run: id, guard, ...(await once.cancel(id, how)), error: null })
    } catch (error) {
      results.push({ run: id, guard, cancelled: false, claims: 0, error: problemOf(error) })
    }
  }
  return {
    runs: results.filter(({ cancelled }) => cancelled).length,
    claims: results.reduce((sum, { claims }) => sum + claims, 0),
    results,
  }
}
