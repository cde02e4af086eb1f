import { OnceoverError } from '../core/error.ts'
import type { WorkEnvironment } from '../runs/work.ts'
import { checkOptions, type MatrixSource, type Reading, readMatrix } from './made.ts'
import { type MatrixLine, selectMatrix } from './queries.ts'
import type { SpanOptions } from './span.ts'
import { GRAVITY, type MatrixState } from './state.ts'

/** One entity of a matrix. */
export interface MatrixRow {
  /** The entity as PostgreSQL writes it; null where a row or a claim has none. */
  readonly entity: string | null
  /** How it is called, where the guard's `labels` say. */
  readonly label: string | null
  /** One letter of MATRIX_STATES for each period, `.` where there is no key. */
  readonly states: string
  /** The keys of each cell; null where none has more than one. */
  readonly counts: readonly number[] | null
}

/** The keys of a guard, entity by period. */
export interface Matrix {
  readonly guard: string
  readonly entity: string
  readonly period: string
  /** The span as used; null where all periods are shown. */
  readonly from: string | null
  readonly to: string | null
  /** The database's time, in ISO form. */
  readonly at: string
  /** Whether a generator said what is expected, so that `missing` and `extra` mean something. */
  readonly expected: boolean
  /** Those that have a key, in their order: of a point in time its day, in UTC. */
  readonly periods: readonly string[]
  /** By their labels, then in the order of the entities. */
  readonly rows: readonly MatrixRow[]
  /** Keys by what they came to. */
  readonly totals: Readonly<Record<MatrixState, number>>
  /** The same of each period. */
  readonly byPeriod: readonly Readonly<Record<MatrixState, number>>[]
}

const MAX_PERIODS = 400
const MAX_CELLS = 5_000_000

interface Head {
  readonly periods: readonly string[]
  readonly sizes: readonly [periods: number, entities: number]
  readonly totals: readonly (readonly [period: number, state: number, keys: number])[] | null
}

const rowOf = ({ entity, label, states, counts }: MatrixLine): MatrixRow => {
  if (counts === null) return { entity, label, states, counts }
  const keys = counts.split(',')
  let next = 0
  return {
    entity,
    label,
    states,
    counts: Array.from(states, (letter) => (letter === '.' ? 0 : Number(keys[next++]))),
  }
}

type Totals = Record<MatrixState, number>

function totalsOf({ totals, periods }: Head): { readonly all: Totals; readonly each: Totals[] } {
  const none = () => Object.fromEntries(GRAVITY.map((name) => [name, 0])) as Totals
  const all = none()
  const each = periods.map(none)
  for (const [period, state, keys] of totals ?? []) {
    const name = GRAVITY[state]
    const own = each[period]
    if (name === undefined || own === undefined) continue
    own[name] += keys
    all[name] += keys
  }
  return { all, each }
}

function refuseSize({ guard }: Reading['layout']['inspection'], { sizes }: Head): void {
  const [periods, entities] = sizes
  if (periods <= MAX_PERIODS && periods * entities <= MAX_CELLS) return
  const size = `${periods} periods of ${entities} entities`
  throw new OnceoverError('MATRIX_TOO_LARGE', {
    message:
      `The matrix of ${guard.name} would have ${size}: at most ${MAX_PERIODS} periods and ` +
      `${MAX_CELLS} cells are shown.`,
    details: { guard: guard.name, periods, entities },
  })
}

async function matrixOf({ session, layout, span, made }: Reading): Promise<Matrix> {
  const limits = { periods: MAX_PERIODS, cells: MAX_CELLS }
  const [first, ...lines] = await session.query<MatrixLine>(selectMatrix(made, limits))
  const head: Head = JSON.parse(first?.states ?? '{}')
  refuseSize(layout.inspection, head)
  const { guard } = layout.inspection
  const totals = totalsOf(head)
  return {
    guard: guard.name,
    entity: guard.matrix?.entity ?? '',
    period: layout.periodPart.name,
    from: span.from,
    to: span.to,
    at: span.at,
    expected: made.expected !== undefined,
    periods: head.periods,
    rows: lines.map(rowOf),
    totals: totals.all,
    byPeriod: totals.each,
  }
}

/** Lays the keys of a guard out, entity by period; see `Onceover.matrix`. */
export async function matrix(
  environment: WorkEnvironment,
  of: MatrixSource,
  options: SpanOptions,
): Promise<Matrix> {
  checkOptions(options, ['from', 'to'])
  return readMatrix(environment, of, { span: () => options }, matrixOf)
}
