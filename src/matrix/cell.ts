import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { zip } from '../rows/chunk.ts'
import { toJson } from '../rows/json-value.ts'
import type { WorkEnvironment } from '../runs/work.ts'
import { checkOptions, type MatrixSource, type Reading, readMatrix } from './made.ts'
import { selectCells } from './queries.ts'
import type { SpanOptions } from './span.ts'
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

const MAX_KEYS = 1000

function checkCell({ entity, period }: CellOptions): void {
  if ((entity === null || typeof entity === 'string') && typeof period === 'string') return
  throw new OnceoverError('INPUT_INVALID', {
    message: 'A cell is one entity and one period.',
    fix: "Pass { entity: '42', period: '2025-10-01' } as the matrix writes them.",
  })
}

interface Line {
  readonly key: string
  readonly state: number
}

async function keysOf(
  { session, made, layout }: Reading,
  cells: readonly (readonly [entity: string | null, period: string])[],
): Promise<readonly CellKey[]> {
  const statement = selectCells(made, { cells: toJson(cells), limit: MAX_KEYS })
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
  const { entity, period, from = period, to = period } = options
  const shown = { from: period, to: period, entity }
  return readMatrix(environment, of, { options: { from, to }, shown }, (reading) =>
    keysOf(reading, [[entity, period]]),
  )
}
