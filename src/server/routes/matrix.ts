import { z } from 'zod'
import { MATRIX_STATES, type MatrixState, OnceoverError } from '../../index.ts'
import { findGenerator, guardOf, type ServerContext } from '../context.ts'
import { spanSchema } from '../days.ts'
import { given } from '../given.ts'
import type { FoundMatrix } from '../matrices.ts'
import { answer, type Route, route } from '../route.ts'
import { guardParams, pageQuery, someOf } from '../schemas.ts'

const [first, ...others] = Object.keys(MATRIX_STATES) as [MatrixState, ...MatrixState[]]

/** The states of keys in a matrix, the gravest first. */
export const STATES: readonly [MatrixState, ...MatrixState[]] = [first, ...others]

const counts = z.record(z.enum(STATES), z.int())

const matrixSchema = z.object({
  guard: z.string(),
  entity: z.string(),
  period: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  at: z.string().describe('The moment of which it is, by the clock of the database.'),
  stale: z.boolean().describe('True where a newer one is being made: ask again.'),
  expected: z.boolean().describe('Whether it is known what ought to be: `missing` means that.'),
  periods: z.array(z.string()),
  byPeriod: z.array(counts).describe('Of all that match: keys by the state of their cell.'),
  totals: counts,
  entities: z.int().describe('How many match.'),
  rows: z.array(
    z.object({
      entity: z.string().nullable(),
      label: z.string().nullable(),
      states: z.string().describe('A letter for each period; `.` where there is no key.'),
      counts: z.array(z.int()).nullable().describe('Keys by cell, where one has more than one.'),
    }),
  ),
  next: z.string().nullable(),
})

const matrixQuery = spanSchema.safeExtend({
  ...pageQuery.shape,
  states: someOf(STATES).optional().describe('Only entities with a cell of these.'),
  q: z.string().optional().describe('Only entities with this in their name or label.'),
  entity: z.string().optional().describe('Only this entity.'),
  sort: z.enum(['label', 'worst']).optional(),
})

const cellQuery = spanSchema.safeExtend({
  entity: z.string().optional().describe('Left out: the rows that have none.'),
  period: z.string(),
})

const cellSchema = z.object({
  keys: z
    .array(z.object({ key: z.record(z.string(), z.unknown()), state: z.enum(STATES) }))
    .describe('The first 1000.'),
})

/** Where a page of a matrix begins, and of which version. */
interface Place {
  readonly at: string
  readonly offset: number
}

const placed = ({ at, offset }: Place): string =>
  Buffer.from(JSON.stringify([at, offset])).toString('base64url')

const place = z.tuple([z.string(), z.int().min(0)])

function placeOf(cursor: string): Place {
  try {
    const [at, offset] = place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { at, offset }
  } catch {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'The cursor is none of a matrix.',
      fix: 'Pass on `next` as it was given.',
    })
  }
}

async function pageOf(
  context: ServerContext,
  name: string,
  query: z.infer<typeof matrixQuery>,
): Promise<object> {
  const { from, to, cursor, limit, ...filter } = query
  const guard = guardOf(context, name)
  const of = findGenerator(context, name) ?? guard
  const { at, offset } = cursor === undefined ? { offset: 0 } : placeOf(cursor)
  const days = given({ from, to })
  const { kept, stale }: FoundMatrix =
    at === undefined
      ? await context.matrices.get(of, days)
      : { kept: context.matrices.at(name, days, at), stale: false }
  const { rows, totals: _, ...head } = kept.matrix
  const { places, byPeriod, totals } = kept.view(filter)
  const end = offset + limit
  return {
    ...head,
    stale,
    byPeriod,
    totals,
    entities: places.length,
    rows: Array.from(places.subarray(offset, end), (each) => rows[each]),
    next: end < places.length ? placed({ at: head.at, offset: end }) : null,
  }
}

/** Entity by period: who has theirs, and who is missing. */
export const matrixRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/guards/:guard/matrix',
    summary: 'The keys of a guard, entity by period, a window of entities at a time.',
    tag: 'matrix',
    shared: true,
    params: guardParams,
    query: matrixQuery,
    answers: { 200: { description: 'A window of the matrix.', schema: matrixSchema } },
    handle: async ({ params, query }, context) =>
      answer(200, await pageOf(context, params.guard, query)),
  }),
  route({
    method: 'get',
    path: '/guards/:guard/cell',
    heavy: true,
    summary: 'The keys of one cell of the matrix, each with its state.',
    tag: 'matrix',
    params: guardParams,
    query: cellQuery,
    answers: { 200: { description: 'The keys of the cell.', schema: cellSchema } },
    handle: async ({ params, query: { entity = null, ...rest } }, context) => {
      const guard = guardOf(context, params.guard)
      const generator = findGenerator(context, params.guard)
      const cell = { entity, period: rest.period, ...given({ from: rest.from, to: rest.to }) }
      const { once } = context
      const keys = await (generator ? once.cell(generator, cell) : once.cell(guard, cell))
      return answer(200, { keys })
    },
  }),
]
