import { OnceoverError } from './error.ts'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isGuard = (value: unknown): boolean =>
  isObject(value) &&
  [value.name, value.table, value.index].every((each) => typeof each === 'string') &&
  [value.keep, value.show, value.children].every(Array.isArray) &&
  isObject(value.key)

function requireGuard(guard: unknown): void {
  if (isGuard(guard)) return
  throw new OnceoverError('GUARD_INVALID', {
    message: 'What was passed as a guard was not made by guard().',
    fix: "Declare it: guard('visits', { table: 'visits', key: { day: date() } }).",
  })
}

/** @throws OnceoverError INPUT_INVALID where options are no object */
export function requireOptions(options: unknown, of: string): void {
  if (isObject(options)) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `The options of ${of} are not an object.`,
    fix: `Pass ${of === 'onceover()' ? '{ db }' : 'an object, or leave them out'}.`,
  })
}

/** @throws OnceoverError INPUT_INVALID where the work of a transaction is no function */
export function requireWork(work: unknown): void {
  if (typeof work === 'function') return
  throw new OnceoverError('INPUT_INVALID', {
    message: 'What transaction() should run is not a function.',
    fix: 'Pass an async function; it gets the handle of the transaction.',
  })
}

/** Passed by JavaScript or read from JSON, anything may come: it is named here, at the door. */
export class Door {
  readonly #target: string
  #closed: Promise<void> | undefined

  constructor(target: string) {
    this.#target = target
  }

  /** @throws OnceoverError CLOSED, GUARD_INVALID, INPUT_INVALID */
  enter(guards: readonly unknown[], options: unknown = {}): void {
    if (this.#closed) {
      throw new OnceoverError('CLOSED', { message: `Onceover on ${this.#target} was closed.` })
    }
    guards.forEach(requireGuard)
    requireOptions(options, 'the call')
  }

  /** Lets nobody in any more, and runs `end` once. */
  close(end: () => Promise<void>): Promise<void> {
    this.#closed ??= end()
    return this.#closed
  }
}
