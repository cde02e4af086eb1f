import { MATRIX_STATES, type Matrix, type MatrixState } from '../index.ts'

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
  /** The totals of each period. */
  readonly byPeriod: readonly StateCounts[]
  /** Keys by state; of a filtered matrix by the state of their cell, the gravest in it. */
  readonly totals: StateCounts
}

const STATES = Object.keys(MATRIX_STATES) as readonly MatrixState[]

const WIDTH = STATES.length

// A cell as a number: the place of its state, or WIDTH where there is no key.
const CELL_OF = new Uint8Array(256).fill(WIDTH)
for (const [place, state] of STATES.entries()) {
  CELL_OF[MATRIX_STATES[state].charCodeAt(0)] = place
}

const WRONG: ReadonlySet<MatrixState> = new Set(['duplicate', 'failed', 'missing', 'cancelled'])
const CELL_WEIGHT = 10_000
// How wrong a cell is: of rows with as many wrong cells that with the graver is the worse.
const WEIGHT_OF = Int32Array.from([...STATES, undefined], (state, place) =>
  state !== undefined && WRONG.has(state) ? CELL_WEIGHT - place : 0,
)

const MOST_WEIGHT = 2 ** 31

const countsOf = (tally: Float64Array, from: number): StateCounts =>
  Object.fromEntries(
    STATES.map((state, place) => [state, tally[from + place] ?? 0]),
  ) as unknown as StateCounts

/** The cells of all rows, one after the other. */
function cellsOf({ rows, periods }: Matrix): Uint8Array {
  const cells = Buffer.alloc(rows.length * periods.length)
  for (const [place, { states }] of rows.entries()) {
    cells.write(states, place * periods.length, 'latin1')
  }
  for (let at = 0; at < cells.length; at++) cells[at] = CELL_OF[cells[at] as number] as number
  return cells
}

/**
 * A matrix that is looked at again and again. No object stands for a cell: they are bytes. What a
 * look needs of every row besides is made once, when it is first needed.
 */
export class MatrixIndex {
  readonly #matrix: Matrix
  readonly #cells: Uint8Array
  #masks: Uint16Array | undefined
  #weights: Int32Array | undefined
  #names: Names | undefined

  constructor(matrix: Matrix) {
    this.#matrix = matrix
    this.#cells = cellsOf(matrix)
  }

  /** The entities that match. */
  view(filter: MatrixFilter): MatrixView {
    const { rows } = this.#matrix
    const places = this.#sorted(this.#matching(filter), filter)
    const whole = places.length === rows.length
    const { byPeriod, totals } = whole ? this.#matrix : this.#counted(places)
    return { places, byPeriod, totals }
  }

  #matching({ states, q, entity }: MatrixFilter): Int32Array {
    const { rows } = this.#matrix
    const masks = states && this.#rowMasks()
    const wanted = states?.reduce((mask, state) => mask | (1 << STATES.indexOf(state)), 0) ?? 0
    const matches = (place: number): boolean =>
      (!masks || ((masks[place] ?? 0) & wanted) !== 0) &&
      (entity === undefined || rows[place]?.entity === entity)
    const places = new Int32Array(rows.length)
    let found = 0
    const meet = (place: number): void => {
      if (matches(place)) places[found++] = place
    }
    if (q === undefined || q === '') {
      for (let place = 0; place < rows.length; place++) meet(place)
    } else {
      this.#names ??= new Names(this.#matrix)
      this.#names.withText(q, meet)
    }
    return places.subarray(0, found)
  }

  #sorted(places: Int32Array, { sort }: MatrixFilter): Int32Array {
    if (sort !== 'worst') return places
    const weights = this.#rowWeights()
    const { length } = this.#matrix.rows
    // One number each, so that no function is called to compare: the worst first, then as they are.
    const keys = new Float64Array(places.length)
    for (let at = 0; at < keys.length; at++) {
      const place = places[at] as number
      keys[at] = (MOST_WEIGHT - (weights[place] as number)) * length + place
    }
    keys.sort()
    const sorted = new Int32Array(keys.length)
    for (let at = 0; at < keys.length; at++) sorted[at] = (keys[at] as number) % length
    return sorted
  }

  #counted(places: Int32Array): Pick<MatrixView, 'byPeriod' | 'totals'> {
    const { rows, periods } = this.#matrix
    const cells = this.#cells
    const columns = periods.length
    // A column more takes what is empty, so that no cell has to be asked.
    const tally = new Float64Array(columns * (WIDTH + 1))
    for (const place of places) {
      const start = place * columns
      const counts = rows[place]?.counts
      for (let at = 0; at < columns; at++) {
        const slot = at * (WIDTH + 1) + (cells[start + at] as number)
        tally[slot] = (tally[slot] as number) + (counts ? (counts[at] as number) : 1)
      }
    }
    const totals = new Float64Array(WIDTH + 1)
    for (let at = 0; at < tally.length; at++) {
      const state = at % (WIDTH + 1)
      totals[state] = (totals[state] as number) + (tally[at] as number)
    }
    return {
      byPeriod: periods.map((_, at) => countsOf(tally, at * (WIDTH + 1))),
      totals: countsOf(totals, 0),
    }
  }

  #rowMasks(): Uint16Array {
    this.#masks ??= Uint16Array.from(this.#fold((mask, cell) => mask | (1 << cell)))
    return this.#masks
  }

  #rowWeights(): Int32Array {
    this.#weights ??= this.#fold((weight, cell) => weight + (WEIGHT_OF[cell] as number))
    return this.#weights
  }

  #fold(step: (sum: number, cell: number) => number): Int32Array {
    const { rows, periods } = this.#matrix
    const sums = new Int32Array(rows.length)
    let at = 0
    for (let place = 0; place < sums.length; place++) {
      let sum = 0
      for (const end = at + periods.length; at < end; at++) {
        sum = step(sum, this.#cells[at] as number)
      }
      sums[place] = sum
    }
    return sums
  }
}

// PostgreSQL has no NUL in a text, and neither has a request.
const BETWEEN = '\0'

/** The entities and labels of a matrix as one text: to search it is to search all of them. */
class Names {
  readonly #text: string
  /** Where the name of each row begins, and where the last one ends. */
  readonly #starts: Int32Array

  constructor({ rows }: Matrix) {
    const names = rows.map(({ entity, label }) => `${entity ?? ''}\n${label ?? ''}`)
    // Lower case may be longer: places are those after it.
    this.#text = names.join(BETWEEN).toLowerCase() + BETWEEN
    this.#starts = new Int32Array(rows.length + 1)
    for (let place = 1; place < this.#starts.length; place++) {
      this.#starts[place] = this.#text.indexOf(BETWEEN, this.#starts[place - 1]) + 1
    }
  }

  /** Meets the rows that have a text in their names, whatever the case, in their order. */
  withText(given: string, meet: (place: number) => void): void {
    const starts = this.#starts
    const text = given.toLowerCase()
    let place = 0
    for (let at = 0; place < starts.length - 1; at = starts[place] as number) {
      const found = this.#text.indexOf(text, at)
      if (found < 0) return
      while ((starts[place + 1] as number) <= found) place++
      meet(place)
      place++
    }
  }
}
