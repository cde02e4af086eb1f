import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import type { Column } from '../guards/table.ts'
import { withoutFunctions } from '../runs/judged/queries.ts'

/** What a matrix is laid out by, held against the table. */
export interface Layout {
  readonly inspection: Inspection
  /** Place of the part of the key whose values are the periods. */
  readonly period: number
  readonly periodPart: InspectedPart
  /** True where a period is a day: of a date, or of a point in time. */
  readonly daily: boolean
  /** Place of the part of the key that is the entity; undefined where it is none. */
  readonly entity: number | undefined
  /** The column that is the entity, where the key has no such part. */
  readonly beside: Column | undefined
  /** The name of the type of an entity. */
  readonly entityBase: string
}

const DAILY = new Set(['date', 'timestamp', 'timestamptz'])

function refuseCollection({ guard }: Inspection, { name, base }: InspectedPart): void {
  if (!/^_|^jsonb$/.test(base)) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `${name}, the period of the matrix of ${guard.name}, is a collection without order.`,
    fix: 'Name a date, a time, a number or a text of the key as the period.',
    details: { guard: guard.name, part: name },
  })
}

/**
 * What the matrix of a guard is laid out by.
 *
 * @throws OnceoverError INPUT_INVALID where the guard does not say
 */
export function layoutOf(given: Inspection): Layout {
  const { matrix, name } = given.guard
  const period = given.parts.findIndex((part) => part.name === matrix?.period)
  const periodPart = given.parts[period]
  if (!matrix || !periodPart) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `The guard ${name} does not say what its matrix is laid out by.`,
      fix: "Declare it, such as matrix: { entity: 'student_id', period: 'week' }.",
      details: { guard: name },
    })
  }
  refuseCollection(given, periodPart)
  const entity = given.parts.findIndex((part) => part.name === matrix.entity)
  const beside = entity < 0 ? given.table.columns.get(matrix.entity) : undefined
  return {
    inspection: withoutFunctions(given),
    period,
    periodPart,
    daily: DAILY.has(periodPart.base),
    entity: entity < 0 ? undefined : entity,
    beside,
    entityBase: given.parts[entity]?.base ?? 'text',
  }
}
