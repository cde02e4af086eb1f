import type { Claim } from '../claims/claim.ts'
import { durationMs } from '../core/duration.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Guard, KeyedRow } from '../guards/guard.ts'
import type { Handle, Transaction } from '../postgres/handle.ts'
import type { Sql } from '../postgres/sql.ts'

/**
 * What validates an input: a zod schema, or any other that speaks Standard Schema 1.
 * Source: https://standardschema.dev
 */
export interface InputSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

interface SchemaResult<Output> {
  readonly value?: Output
  readonly issues?: readonly { readonly message: string; readonly path?: unknown }[] | undefined
}

/** A unit of a guard: its key, and whatever `make` needs besides. */
export type UnitOf<G extends Guard, Input> = {
  readonly key: KeyedRow<G>
} & (undefined extends Input ? { readonly input?: Input } : { readonly input: Input })

/** Where the units of a run come from, where it is not a range. */
export type UnitSource<G extends Guard, Input> =
  | readonly UnitOf<G, Input>[]
  | Iterable<UnitOf<G, Input>>
  | AsyncIterable<UnitOf<G, Input>>

/** A unit that was made and is to be saved. */
export interface Item<G extends Guard, Input, Made> {
  readonly unit: UnitOf<G, Input>
  readonly made: Made
  readonly claim: Claim
}

/** Units, or a query that answers with them. */
export type Expected<G extends Guard, Input> =
  | Sql
  | Iterable<UnitOf<G, Input>>
  | AsyncIterable<UnitOf<G, Input>>

/** A span of days, `YYYY-MM-DD`, both included. */
export interface Days {
  readonly from: string
  readonly to: string
}

/** How a generator works. `make` stands before `save`, or TypeScript cannot infer `made`. */
export interface GeneratorOptions<G extends Guard, Input, Made, Range> {
  /** Validates each input; what it returns must be JSON, and is kept with the claim until done. */
  readonly input?: InputSchema<Input>
  /**
   * The units that ought to exist in a range. A query names the key's columns; a column `input`, or
   * else all others together, is the input.
   */
  // Methods all of them, which may stand where those of any generator are wanted.
  expected?(range: Range): Expected<G, Input>
  /** The range of a span of days, as the matrix asks for it. Default: `{ from, to }` as it is. */
  range?(days: Days): NoInfer<Range>
  /**
   * One text for each unit that changes when the data do that it is made from, or null where that
   * cannot be said. Set-based, before anything is claimed.
   */
  fingerprint?(units: readonly UnitOf<G, Input>[], db: Handle): Promise<readonly (string | null)[]>
  /** Makes a unit, outside any transaction; may be repeated after a crash. */
  make?(unit: UnitOf<G, Input>, claim: Claim): Promise<Made> | Made
  /**
   * Writes a unit in the transaction that completes its claim. Its effects in the database happen
   * once; the function may run again where the transaction was rolled back. A small JSON value that
   * it returns is kept as the result.
   */
  save?(tx: Transaction, item: Item<G, Input, Made>): Promise<unknown> | unknown
  /** Writes many units at once; on a failure the chunk is split. Instead of `save`. */
  saveAll?(tx: Transaction, items: readonly Item<G, Input, Made>[]): Promise<unknown> | unknown
  /** How long `make` may take, such as `5m`, the default. */
  readonly timeout?: string
  /** How often a unit is tried before it is exhausted. Default 3. */
  readonly attempts?: number
  /** The pause after a failed attempt, doubled with each. Default `10s`. */
  readonly backoff?: string
}

/** A declared generator. */
export interface Generator<
  G extends Guard = Guard,
  Input = unknown,
  Made = unknown,
  Range = unknown,
> {
  readonly guard: G
  readonly options: GeneratorOptions<G, Input, Made, Range>
  readonly timeoutMs: number
  readonly backoffMs: number
  readonly attempts: number
}

/** Any generator, to code that does not know its types: what it is given goes through as it is. */
export type AnyGenerator = Generator<Guard, unknown, unknown, unknown>

const FUNCTIONS = ['expected', 'range', 'fingerprint', 'make', 'save', 'saveAll'] as const
const OPTIONS: ReadonlySet<string> = new Set([
  ...FUNCTIONS,
  ...['input', 'timeout', 'attempts', 'backoff'],
])

function* faultsOf(options: Readonly<Record<string, unknown>>): globalThis.Generator<string> {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name)) yield `there is no option ${name}`
  }
  for (const name of FUNCTIONS) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      yield `${name} is not a function`
    }
  }
  const { save, saveAll, input, attempts } = options
  if ((save === undefined) === (saveAll === undefined)) yield 'it needs save or saveAll, not both'
  if (input !== undefined && !(Object(input) as object & { '~standard'?: unknown })['~standard']) {
    yield 'input is no Standard Schema, such as a zod object'
  }
  if (attempts !== undefined && !(Number.isSafeInteger(attempts) && Number(attempts) > 0)) {
    yield 'attempts is not a whole number from 1 on'
  }
  for (const name of ['timeout', 'backoff'] as const) {
    if (options[name] !== undefined && durationMs(options[name]) === undefined) {
      yield `${name} is no length of time, such as '5m'`
    }
  }
}

const DEFAULT_TIMEOUT_MS = 300_000
const DEFAULT_BACKOFF_MS = 10_000
const DEFAULT_ATTEMPTS = 3

/**
 * Declares how the units of a guard are made. Nothing is asked of the database yet.
 *
 * @throws OnceoverError GENERATOR_INVALID naming every fault of the declaration
 */
export function generator<G extends Guard, Input = unknown, Made = undefined, Range = RowValues>(
  guard: G,
  options: GeneratorOptions<G, Input, Made, Range>,
): Generator<G, Input, Made, Range> {
  const isObject = typeof options === 'object' && options !== null
  const wrong = isObject ? [...faultsOf({ ...options })] : ['the options are not an object']
  if (!Object(guard).key) wrong.unshift('the guard was not made by guard()')
  if (wrong.length > 0) {
    throw new OnceoverError('GENERATOR_INVALID', {
      message: `The generator of ${guard?.name} is not well declared: ${wrong.join('; ')}.`,
      details: { guard: guard?.name, faults: wrong },
    })
  }
  return Object.freeze({
    guard,
    options: Object.freeze({ ...options }),
    timeoutMs: durationMs(options.timeout) ?? DEFAULT_TIMEOUT_MS,
    backoffMs: durationMs(options.backoff) ?? DEFAULT_BACKOFF_MS,
    attempts: options.attempts ?? DEFAULT_ATTEMPTS,
  })
}

/** True for what generator() returns, whichever copy of the package made it. */
export const isGenerator = (value: unknown): value is AnyGenerator =>
  typeof value === 'object' &&
  value !== null &&
  'guard' in value &&
  'timeoutMs' in value &&
  'attempts' in value &&
  'options' in value

/** @throws OnceoverError GENERATOR_INVALID for what generator() did not return */
export function requireGenerator(value: unknown): asserts value is AnyGenerator {
  if (isGenerator(value)) return
  throw new OnceoverError('GENERATOR_INVALID', {
    message: 'What was passed as a generator was not made by generator().',
    fix: 'Declare it: generator(guard, { make: …, save: … }).',
  })
}
