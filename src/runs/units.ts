import type { Unit } from '../claims/claim.ts'
import { wordsOf } from '../claims/fail.ts'
import type { Sendable, WorkVerdict } from '../claims/grant.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { hexOf, toJson } from '../rows/json-value.ts'
import { refuseKept } from '../rows/kept-value.ts'
import { attemptedKey, prepareRows } from '../rows/prepare.ts'
import { calling } from './callback.ts'
import type { AnyGenerator, InputSchema } from './generator.ts'
import { wholeNumber } from './whole-number.ts'

/** A unit of an input, with its place in it. */
export interface Placed {
  readonly index: number
  readonly unit: unknown
}

/** A unit that already has its place, as those of a second pass have. */
export class Kept implements Placed {
  readonly index: number
  readonly unit: unknown

  constructor(index: number, unit: unknown) {
    this.index = index
    this.unit = unit
  }
}

/** A unit as the ledger kept it: its input was checked when it was first claimed. */
export class Stored {
  readonly key: RowValues
  readonly input: unknown

  /** @param json of `{ key, input }` */
  constructor(json: string) {
    const { key, input } = JSON.parse(json)
    this.key = key
    this.input = input
  }
}

/** Units that can be claimed, and verdicts for those that cannot. */
export interface Checked {
  readonly units: readonly Sendable[]
  /** By place: what `make` is handed. */
  readonly byIndex: ReadonlyMap<number, Unit>
  readonly invalid: readonly WorkVerdict[]
}

const isRecord = (value: unknown): value is RowValues =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const STRANGE = new Set(['key', 'input'])

type Read = { readonly unit: Unit } | { readonly wrong: string }

// JSON has no bigint: a whole number is kept as a text where it was one.
const restored = ({ parts }: Inspection, { key, input }: Stored): Unit => {
  const whole = parts.flatMap(({ name, part }) => {
    const value = key[name]
    return part.kind === 'int' && typeof value === 'string' ? [[name, wholeNumber(value)]] : []
  })
  return { key: { ...key, ...Object.fromEntries(whole) }, input }
}

// Whoever makes the unit after a crash is handed what the ledger kept: it must be the same.
const refuseInput = (input: unknown): string | undefined => {
  const wrong = refuseKept(input)
  return wrong === undefined ? undefined : `input: ${wrong}`
}

async function readUnit(
  { options }: AnyGenerator,
  inspection: Inspection,
  given: unknown,
): Promise<Read> {
  if (given instanceof Stored) return { unit: restored(inspection, given) }
  if (!isRecord(given) || !isRecord(given.key)) return { wrong: 'the unit is not { key, input }' }
  const strange = Object.keys(given).find((name) => !STRANGE.has(name))
  if (strange !== undefined) return { wrong: `a unit has key and input, and no ${strange}` }
  const { key } = given
  if (!options.input) {
    const wrong = refuseInput(given.input)
    return wrong === undefined ? { unit: { key, input: given.input } } : { wrong }
  }
  const result = await validated(options.input, given.input)
  if (result.issues) {
    const words = result.issues.map(({ message, path }) =>
      Array.isArray(path) && path.length > 0
        ? `${path.map(pathName).join('.')}: ${message}`
        : message,
    )
    return { wrong: `input: ${words.join('; ')}` }
  }
  const wrong = refuseInput(result.value)
  return wrong === undefined ? { unit: { key, input: result.value } } : { wrong }
}

// A schema that throws says of one input that it is wrong, and nothing of the others.
async function validated(schema: InputSchema<unknown>, input: unknown) {
  try {
    return await schema['~standard'].validate(input)
  } catch (error) {
    return { issues: [{ message: `the schema failed: ${wordsOf(error)}`, path: [] }] }
  }
}

const pathName = (part: unknown): string =>
  String(isRecord(part) && 'key' in part ? part.key : part)

const writable = (values: RowValues): RowValues =>
  Object.values(values).some((value) => value instanceof Uint8Array)
    ? Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name,
          value instanceof Uint8Array ? hexOf(value) : value,
        ]),
      )
    : values

// A claim holds its input until it is done; a gigabyte of them would be the database's memory.
const MAX_UNIT_LENGTH = 1_000_000

function refuseLength(unit: string): string | undefined {
  return unit.length > MAX_UNIT_LENGTH
    ? `the unit has ${unit.length} characters as JSON, and ${MAX_UNIT_LENGTH} are kept`
    : undefined
}

async function fingerprints(
  database: Database,
  { options, guard }: AnyGenerator,
  units: readonly Unit[],
): Promise<readonly (string | null)[]> {
  const { fingerprint } = options
  if (!fingerprint || units.length === 0) return units.map(() => null)
  const given: unknown = await calling(`fingerprint of the generator of ${guard.name}`, () =>
    database.transaction((handle) => fingerprint(units, handle)),
  )
  const right =
    Array.isArray(given) &&
    given.length === units.length &&
    given.every((each) => each === null || typeof each === 'string')
  if (right) return given
  throw new OnceoverError('GENERATOR_INVALID', {
    message: `fingerprint of the generator of ${guard.name} answers with no text for each unit.`,
    fix: `Return an array of ${units.length} texts (or null), in the order of the units.`,
    details: { guard: guard.name },
  })
}

/**
 * Checks a chunk of units: their shape, their input against the schema, their key against the
 * table. Takes the fingerprints of the good ones.
 *
 * @throws OnceoverError GENERATOR_INVALID, and what `fingerprint` or the schema throws
 */
export async function checkUnits(
  database: Database,
  generator: AnyGenerator,
  inspection: Inspection,
  placed: readonly Placed[],
): Promise<Checked> {
  const invalid: WorkVerdict[] = []
  const read: { index: number; unit: Unit }[] = []
  const refuse = (index: number, key: unknown, reason: string) =>
    invalid.push({ index, verdict: 'invalid', key: attemptedKey(inspection, key), reason })
  for (const { index, unit } of placed) {
    const result = await readUnit(generator, inspection, unit)
    if ('unit' in result) read.push({ index, unit: result.unit })
    else refuse(index, isRecord(unit) ? unit.key : undefined, result.wrong)
  }
  const { rows, invalid: wrong } = prepareRows(
    inspection,
    read.map(({ unit }) => unit.key),
  )
  for (const { index, reason = '' } of wrong) {
    const { index: place = index, unit } = read[index] ?? {}
    refuse(place, unit?.key, reason)
  }
  const good = rows.flatMap(({ index, values }) => {
    const { index: place, unit } = read[index] ?? {}
    if (place === undefined || unit === undefined) return []
    const kept = toJson({ key: writable(values), input: unit.input ?? null })
    const long = refuseLength(kept)
    if (long === undefined) return [{ index: place, values, unit, kept }]
    refuse(place, values, long)
    return []
  })
  const prints = await fingerprints(
    database,
    generator,
    good.map(({ unit }) => unit),
  )
  return {
    units: good.map(({ index, values, kept }, place) => ({
      index,
      values,
      unit: kept,
      fingerprint: prints[place] ?? null,
    })),
    byIndex: new Map(good.map(({ index, unit }) => [index, unit])),
    invalid,
  }
}
