import { MATRIX_STATES, type Matrix, type MatrixRow, type MatrixState } from '../index.ts'

/** What of a matrix is shown. */
export interface MatrixFilter {
  /** Only entities with a cell in one of these states. */
  readonly states?: readonly MatrixState[] | undefined
  /** Only entities with this text in their name or label, whatever the case. */
  readonly q?: string | undefined
  /** Only this entity. */
  readonly entity?: string | undefined
  /** `label`, the order of the matrix, or `worst`: those with the most that is wrong first. */
  readonly sort?: 'label' | 'worst' | undefined
}

/** How often each state occurs. */
export type StateCounts = Readonly<Record<MatrixState, number>>

/** The entities of a matrix that match a filter. */
export interface MatrixView {
  /** Places of the rows in the matrix. */
  readonly places: Int32Array
  /** Of each period: keys by the state of their cell. */
  readonly byPeriod: readonly StateCounts[]
  /** Keys by state; of a filtered matrix, too, by the state of their cell. */
  readonly totals: StateCounts
}

const STATES = Object.keys(MATRIX_STATES) as readonly MatrixState[]

// By the code of its letter the place of a state, so that a cell costs two look-ups.
const PLACE_OF = new Int8Array(128).fill(-1)
for (const [place, state] of STATES.entries()) {
  PLACE_OF[MATRIX_STATES[state].charCodeAt(0)] = place
}

const countsOf = (tally: Float64Array, from: number): StateCounts =>
  Object.fromEntries(
    STATES.map((state, place) => [state, tally[from + place] ?? 0]),
  ) as unknown as StateCounts

/** The states among the cells of a row, a bit for each in the order of `MATRIX_STATES`. */
function maskOf(states: string): number {
  let mask = 0
  for (let at = 0; at < states.length; at++) {
    const place = PLACE_OF[states.charCodeAt(at)] ?? -1
    if (place >= 0) mask |= 1 << place
  }
  return mask
}

const WRONG: ReadonlySet<string> = new Set(['duplicate', 'failed', 'missing', 'cancelled'])

const CELL = 10_000

/** How many cells of a row are wrong; of as many, the graver are heavier. */
function weightOf(states: string): number {
  let weight = 0
  for (let at = 0; at < states.length; at++) {
    const place = PLACE_OF[states.charCodeAt(at)] ?? -1
    const state = STATES[place]
    if (state !== undefined && WRONG.has(state)) weight += CELL - place
  }
  return weight
}

/**
 * A matrix that is looked at again and again. It is kept as texts: no object stands for a cell.
 * What each look needs of every row is made once, when it is first needed.
 */
export class MatrixIndex {
  readonly #matrix: Matrix
  #masks: Uint16Array | undefined
  #names: readonly string[] | undefined

  constructor(matrix: Matrix) {
    this.#matrix = matrix
  }

  /** The entities that match. */
  view(filter: MatrixFilter): MatrixView {
    const { rows } = this.#matrix
    const places = this.#sorted(this.#matching(filter), filter)
    const whole = places.length === rows.length
    const { byPeriod, totals } = this.#counted(places)
    return { places, byPeriod, totals: whole ? this.#matrix.totals : totals }
  }

  #matching({ states, q, entity }: MatrixFilter): Int32Array {
    const { rows } = this.#matrix
    const masks = states && this.#rowMasks()
    const wanted = states?.reduce((mask, state) => mask | (1 << STATES.indexOf(state)), 0) ?? 0
    const text = q === undefined || q === '' ? undefined : q.toLowerCase()
    const names = text === undefined ? undefined : this.#rowNames()
    const places: number[] = []
    for (let place = 0; place < rows.length; place++) {
      if (masks && ((masks[place] ?? 0) & wanted) === 0) continue
      if (text !== undefined && !names?.[place]?.includes(text)) continue
      if (entity !== undefined && rows[place]?.entity !== entity) continue
      places.push(place)
    }
    return Int32Array.from(places)
  }

  #sorted(places: Int32Array, { sort }: MatrixFilter): Int32Array {
    if (sort !== 'worst') return places
    const { rows } = this.#matrix
    const weights = new Int32Array(rows.length)
    for (const place of places) weights[place] = weightOf(rows[place]?.states ?? '')
    return places.sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0) || one - other)
  }

  #counted(places: Int32Array): Pick<MatrixView, 'byPeriod' | 'totals'> {
    const { rows, periods } = this.#matrix
    const width = STATES.length
    const tally = new Float64Array(periods.length * width)
    for (const place of places) count(tally, rows[place])
    const totals = new Float64Array(width)
    for (let at = 0; at < tally.length; at++) {
      totals[at % width] = (totals[at % width] ?? 0) + (tally[at] ?? 0)
    }
    return {
      byPeriod: periods.map((_, at) => countsOf(tally, at * width)),
      totals: countsOf(totals, 0),
    }
  }

  #rowMasks(): Uint16Array {
    this.#masks ??= Uint16Array.from(this.#matrix.rows, ({ states }) => maskOf(states))
    return this.#masks
  }

  #rowNames(): readonly string[] {
    this.#names ??= this.#matrix.rows.map(({ entity, label }) =>
      `${entity ?? ''}\n${label ?? ''}`.toLowerCase(),
    )
    return this.#names
  }
}

function count(tally: Float64Array, row: MatrixRow | undefined): void {
  if (!row) return
  const { states, counts } = row
  for (let at = 0; at < states.length; at++) {
    const place = PLACE_OF[states.charCodeAt(at)] ?? -1
    if (place < 0) continue
    const slot = at * STATES.length + place
    tally[slot] = (tally[slot] ?? 0) + (counts?.[at] ?? 1)
  }
}
