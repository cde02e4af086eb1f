import {
  type AnyGenerator,
  type ClaimFilter,
  type Days,
  type Guard,
  isGenerator,
  MATRIX_STATES,
  type Matrix,
  type MatrixState,
  type Onceover,
  type RowValues,
  type SpanOptions,
} from '../index.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { Matrices } from './matrices.ts'
import { MOST_SELECTED, tooMany } from './selections.ts'

/** A cell of a matrix, as the matrix writes it. */
export interface Cell {
  readonly entity: string | null
  readonly period: string
}

/** Which keys of a matrix to choose. */
export interface MatrixChoice {
  readonly span: SpanOptions
  /** Only keys in these states; all states without. */
  readonly states?: readonly MatrixState[] | undefined
  /** Only of entities with this in their name or label. */
  readonly q?: string | undefined
  /** Only in these cells; all cells without. */
  readonly cells?: readonly Cell[] | undefined
}

/** What was chosen. */
export interface Chosen {
  readonly keys: readonly RowValues[]
  readonly days: Days | null
}

/** What keys are chosen with. */
export interface Choosing {
  readonly once: Onceover
  readonly matrices: Matrices
  readonly heavy: HeavyReads
}

const DEFAULT_DAYS = 28
const DAY_MS = 86_400_000

/** The days that the matrix asked its generator for. */
function daysOf({ from, to, at }: Matrix): Days {
  const start = from ?? to
  const end = to ?? from
  if (start !== null && end !== null) return { from: start, to: end }
  const today = at.slice(0, 10)
  const first = new Date(Date.parse(today) - (DEFAULT_DAYS - 1) * DAY_MS)
  return { from: first.toISOString().slice(0, 10), to: today }
}

const LETTERS = Object.values(MATRIX_STATES).join('')

// A cell shows its gravest key only: where it has several, a key that is less grave may be meant.
function cellsIn(matrix: Matrix, places: Int32Array, states: readonly MatrixState[]): Cell[] {
  const letters = states.map((state) => MATRIX_STATES[state]).join('')
  const last = Math.max(...states.map((state) => LETTERS.indexOf(MATRIX_STATES[state])))
  const cells: Cell[] = []
  for (const place of places) {
    const row = matrix.rows[place]
    if (!row) continue
    for (let at = 0; at < row.states.length; at++) {
      const letter = row.states[at] ?? '.'
      if (letter === '.') continue
      const several = (row.counts?.[at] ?? 1) > 1
      const meant = several ? LETTERS.indexOf(letter) <= last : letters.includes(letter)
      if (meant) cells.push({ entity: row.entity, period: matrix.periods[at] ?? '' })
    }
    if (cells.length > MOST_SELECTED) throw tooMany()
  }
  return cells
}

const ALL = Object.keys(MATRIX_STATES) as readonly MatrixState[]

/**
 * The keys of some cells of a matrix, looked up now.
 *
 * @throws OnceoverError INPUT_INVALID for too many, and as `once.matrix`
 */
export async function chooseFromMatrix(
  { once, matrices, heavy }: Choosing,
  of: Guard | AnyGenerator,
  { span, states = ALL, q, cells }: MatrixChoice,
): Promise<Chosen> {
  const { kept } = await matrices.get(of, span)
  const { matrix } = kept
  const chosen = cells ?? cellsIn(matrix, kept.view({ q }).places, states)
  const which = { cells: chosen, states, limit: MOST_SELECTED + 1, ...span }
  const found = await heavy.run(() =>
    isGenerator(of) ? once.cells(of, which) : once.cells(of, which),
  )
  if (found.length > MOST_SELECTED) throw tooMany()
  return { keys: found.map(({ key }) => key), days: daysOf(matrix) }
}

/**
 * The keys of claims, looked up now.
 *
 * @throws OnceoverError INPUT_INVALID for too many, and as `once.claims`
 */
export async function chooseFromClaims(once: Onceover, filter: ClaimFilter): Promise<Chosen> {
  const found = await once.claims({ ...filter, limit: MOST_SELECTED + 1 })
  if (found.length > MOST_SELECTED) throw tooMany()
  return { keys: found.map(({ key }) => key), days: null }
}
