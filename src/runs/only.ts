import { selectHashes } from '../claims/hashed/queries.ts'
import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import type { Session } from '../postgres/session.ts'
import { isolate } from '../rows/isolate.ts'
import { hexOf, refuseValue, toJson } from '../rows/json-value.ts'
import { jsonInput, prepareRows } from '../rows/prepare.ts'
import { withoutFunctions } from './judged/queries.ts'
import { selectGivenHashes } from './only/queries.ts'
import { wholeNumber } from './whole-number.ts'

const refuse = (message: string, fix: string): never => {
  throw new OnceoverError('INPUT_INVALID', { message, fix })
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// A bigint is told of as a text.
const restored = ({ part }: InspectedPart, value: unknown): unknown =>
  part.kind === 'int' && typeof value === 'string' ? wholeNumber(value) : value

function refusePart(inspected: InspectedPart, value: unknown): string | undefined {
  const { part, column } = inspected
  if (value === null) return undefined
  if (value === undefined) return 'it is missing'
  if (value instanceof Uint8Array && column?.base === 'bytea') return undefined
  return refuseValue(value) ?? part.refuse(restored(inspected, value))
}

function valuesOf({ guard, parts }: Inspection, key: unknown, place: number): unknown[] {
  const names = parts.map(({ name }) => name)
  const fix = `Give keys as the matrix does: objects of ${names.join(', ')}.`
  if (!isRecord(key)) return refuse(`Key ${place} of only is not an object.`, fix)
  const strange = Object.keys(key).find((name) => !names.includes(name))
  if (strange !== undefined) {
    refuse(`Key ${place} of only has ${strange}, which is no part of ${guard.name}.`, fix)
  }
  return parts.map((part) => {
    const value = key[part.name]
    const wrong = refusePart(part, value)
    if (wrong !== undefined) refuse(`Key ${place} of only: ${part.name}: ${wrong}.`, fix)
    return value instanceof Uint8Array ? hexOf(value) : value
  })
}

/**
 * The only keys of a range that a run makes, as the ledger keeps them: a JSON array with an array
 * of the parts of each.
 *
 * @throws OnceoverError INPUT_INVALID for what is no key of the guard
 */
export function onlyKeys(inspection: Inspection, only: readonly unknown[]): string {
  if (!Array.isArray(only)) refuse('only is not an array.', 'Pass an array of keys.')
  return toJson(only.map((key, place) => valuesOf(inspection, key, place)))
}

/** The hashes, in hex, of keys as `onlyKeys` wrote them. */
export async function hashesOf(
  session: Session,
  inspection: Inspection,
  only: string,
): Promise<ReadonlySet<string>> {
  const found = await session.query<{ hash: string }>(selectGivenHashes(inspection, only))
  return new Set(found.map(({ hash }) => hash))
}

const CHUNK_UNITS = 1000

async function wanted(
  session: Session,
  inspection: Inspection,
  units: readonly unknown[],
  hashes: ReadonlySet<string>,
): Promise<readonly unknown[]> {
  const { rows } = prepareRows(
    inspection,
    units.map((unit) => (isRecord(unit) ? unit.key : undefined)),
  )
  // A key that the database cannot read is none that was asked for.
  const { results } = await isolate(session, 0, rows.length, async (start, end) => {
    const some = rows.slice(start, end)
    const found = await session.query<{ hash: string | null }>(
      selectHashes(inspection, jsonInput(inspection, some)),
    )
    return some.filter((_, place) => hashes.has(found[place]?.hash ?? ''))
  })
  return results.flat().map(({ index }) => units[index])
}

/**
 * Those of the expected units whose keys are given: PostgreSQL says which keys are equal.
 *
 * @param only keys as `onlyKeys` wrote them
 */
export async function* onlyUnits(
  session: Session,
  inspection: Inspection,
  units: Iterable<unknown> | AsyncIterable<unknown>,
  only: string,
): AsyncGenerator<unknown, void, undefined> {
  const own = withoutFunctions(inspection)
  const hashes = await hashesOf(session, own, only)
  let chunk: unknown[] = []
  for await (const unit of units) {
    chunk.push(unit)
    if (chunk.length < CHUNK_UNITS) continue
    yield* await wanted(session, own, chunk, hashes)
    chunk = []
  }
  yield* await wanted(session, own, chunk, hashes)
}
