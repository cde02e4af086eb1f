import { CELL_LETTERS, type CellState, type MatrixRow } from '../../contract.ts'

/** The states of cells, the gravest first. */
export const CELL_STATES = Object.keys(CELL_LETTERS) as readonly CellState[]

const BY_LETTER: ReadonlyMap<string, CellState> = new Map(
  CELL_STATES.map((state) => [CELL_LETTERS[state], state] as const),
)

/** The state of a cell; undefined where there is nothing and nothing is expected. */
export const stateAt = ({ states }: MatrixRow, column: number): CellState | undefined =>
  BY_LETTER.get(states[column] ?? '.')

/** The states that are run again unless something else is chosen. */
export const UNDONE: readonly CellState[] = ['missing', 'failed']

/** Whether a text names a state. */
export const isCellState = (text: string): text is CellState => text in CELL_LETTERS

/** How often each state occurs, in words: `3 missing, 1 failed`. */
export const inWords = (counts: Readonly<Partial<Record<CellState, number>>>): string =>
  CELL_STATES.flatMap((state) => {
    const count = counts[state] ?? 0
    return count > 0 ? [`${count} ${state}`] : []
  }).join(', ') || 'nothing'

/** The name of an entity: its label, or its id, or that it is NULL. */
export const nameOf = ({ label, entity }: Pick<MatrixRow, 'label' | 'entity'>): string =>
  label ?? entity ?? 'NULL'
