import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { zip } from '../rows/chunk.ts'
import { toJson } from '../rows/json-value.ts'
import type { WorkEnvironment } from '../runs/work.ts'
import type { Layout } from './layout.ts'
import { checkOptions, type MatrixSource, type Reading, readMatrix } from './made.ts'
import { selectCells } from './queries.ts'
import { checkSpan, type SpanOptions } from './span.ts'
import { GRAVITY, type MatrixState } from './state.ts'

/** Which cell, as the matrix writes it; the span is the matrix's. */
export interface CellOptions extends SpanOptions {
  readonly entity: string | null
  readonly period: string
}

/** A key of a cell, and what it came to. */
export interface CellKey<Key = RowValues> {
  readonly key: Key
  readonly state: MatrixState
}

/** Which cells, as the matrix of a span writes them. */
export interface CellsOptions extends SpanOptions {
  readonly cells: readonly Pick<CellOptions, 'entity' | 'period'>[]
  /** Only keys in these states. Default: all. */
  readonly states?: readonly MatrixState[]
  /** How many keys at most. Default 1000. */
  readonly limit?: number
}

const MAX_KEYS = 1000

function checkCell(cell: Pick<CellOptions, 'entity' | 'period'>): void {
  const { entity, period } = Object(cell)
  if ((entity === null || typeof entity === 'string') && typeof period === 'string') return
  throw new OnceoverError('INPUT_INVALID', {
    message: 'A cell is one entity and one period.',
    fix: "Pass { entity: '42', period: '2025-10-01' } as the matrix writes them.",
  })
}

const boundsOf = ({ from, to }: SpanOptions): SpanOptions => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
})

interface Line {
  readonly key: string
  readonly state: number
}

async function keysOf(
  { session, made, layout }: Reading,
  { cells, states, limit = MAX_KEYS }: CellsOptions,
): Promise<readonly CellKey[]> {
  const places = states?.map((state) => GRAVITY.indexOf(state))
  const json = toJson(cells.map(({ entity, period }) => [entity, period]))
  const statement = selectCells(made, { cells: json, states: places, limit })
  const lines = await session.query<Line>(statement)
  return lines.map(({ key, state }) => ({
    key: zip(layout.inspection.parts, JSON.parse(key)),
    state: GRAVITY[state] ?? 'done',
  }))
}

/** The keys of one cell, the first 1000 in their order; see `Onceover.cell`. */
export async function cell(
  environment: WorkEnvironment,
  of: MatrixSource,
  options: CellOptions,
): Promise<readonly CellKey[]> {
  checkOptions(options, ['entity', 'period', 'from', 'to'])
  checkCell(options)
  const { entity, period } = options
  const shown = { from: period, to: period, entity }
  const span = (layout: Layout): SpanOptions => {
    checkSpan(layout, shown)
    // Where a period is no day it does not say which days to ask for.
    return layout.daily ? { ...shown, ...boundsOf(options) } : boundsOf(options)
  }
  return readMatrix(environment, of, { span, shown }, (reading) =>
    keysOf(reading, { cells: [{ entity, period }] }),
  )
}

/** The keys of some cells, in their order; see `Onceover.cells`. */
export async function cells(
  environment: WorkEnvironment,
  of: MatrixSource,
  options: CellsOptions,
): Promise<readonly CellKey[]> {
  checkOptions(options, ['cells', 'states', 'from', 'to', 'limit'])
  for (const each of options.cells) checkCell(each)
  const span = () => boundsOf(options)
  return readMatrix(environment, of, { span }, (reading) => keysOf(reading, options))
}
