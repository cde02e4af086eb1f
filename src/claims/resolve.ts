import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'
import type { Environment } from '../rows/environment.ts'
import { refuseValue, toJson } from '../rows/json-value.ts'
import { jsonInput, prepareRows } from '../rows/prepare.ts'
import { selectHashes } from './hashed/queries.ts'
import { unmigrated } from './register.ts'
import { resolveStep } from './step/queries.ts'

/** What a person found out about a step whose answer was lost. */
export type StepResolution = { readonly answer: unknown } | { readonly again: true }

function answerOf(resolution: StepResolution): string | undefined {
  if ('again' in resolution && resolution.again === true) return undefined
  const answer = 'answer' in resolution ? resolution.answer : undefined
  const why = answer === undefined ? 'there is none' : refuseValue(answer)
  if (why === undefined) return toJson(answer)
  throw new OnceoverError('STEP_INVALID', {
    message: `The answer cannot be kept as JSON: ${why}.`,
    fix: 'Pass { answer } as the call would have answered, or { again: true }.',
  })
}

/** Answers for the provider of a parked step; see `Onceover.resolveStep`. */
export async function resolve(
  environment: Environment,
  guard: Guard,
  key: RowValues,
  step: string,
  resolution: StepResolution,
): Promise<void> {
  const answer = answerOf(resolution)
  const { database } = environment
  const inspection = await environment.inspect(guard, database.session)
  const { rows, invalid } = prepareRows(inspection, [key])
  const [wrong] = invalid
  if (wrong) {
    throw new OnceoverError('UNIT_INVALID', {
      message: `The key is none of the guard ${guard.name}: ${wrong.reason}.`,
      details: { guard: guard.name },
    })
  }
  const [found] = await database.session.query<{ hash: string | null }>(
    selectHashes(inspection, jsonInput(inspection, rows)),
  )
  const [row] = await database
    .transaction((handle) =>
      database
        .within(handle)
        .query<{ resolved: string }>(resolveStep(guard.name, found?.hash ?? '', step, answer)),
    )
    .catch((error: unknown) => {
      throw unmigrated(error, database.target)
    })
  if (row?.resolved === '1') return
  throw new OnceoverError('STEP_INVALID', {
    message: `The unit has no step ${step} that waits for an answer, or it is being worked on.`,
    fix: 'List the claims that are exhausted with once.claims({ state }).',
    details: { guard: guard.name, step },
  })
}
