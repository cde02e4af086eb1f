import type { Door } from '../core/door.ts'
import type { Guard, KeyOf } from '../guards/guard.ts'
import { type CellKey, type CellOptions, type CellsOptions, cell, cells } from '../matrix/cell.ts'
import type { MatrixSource } from '../matrix/made.ts'
import { type Matrix, matrix } from '../matrix/matrix.ts'
import type { SpanOptions } from '../matrix/span.ts'
import { type Generator, isGenerator } from '../runs/generator.ts'
import type { WorkEnvironment } from '../runs/work.ts'

/** The keys of a guard, laid out: who has theirs, and who is missing. */
export interface MatrixMethods {
  /**
   * Lays the keys of a guard out, entity by period, in one statement that reads only. With a
   * generator that says what is expected, keys may be missing or extra; with a guard alone the
   * matrix shows what stands and what was begun.
   */
  matrix<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    options?: SpanOptions,
  ): Promise<Matrix>
  /** The same of a guard, of which nobody says what is expected. */
  matrix(guard: Guard, options?: SpanOptions): Promise<Matrix>
  /** The keys of one cell of the matrix with their states: the first 1000. */
  cell<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    options: CellOptions,
  ): Promise<readonly CellKey<KeyOf<G>>[]>
  /** The same of a guard. */
  cell<G extends Guard>(guard: G, options: CellOptions): Promise<readonly CellKey<KeyOf<G>>[]>
  /** The keys of some cells of the matrix of a span: those in some states, up to a limit. */
  cells<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    options: CellsOptions,
  ): Promise<readonly CellKey<KeyOf<G>>[]>
  /** The same of a guard. */
  cells<G extends Guard>(guard: G, options: CellsOptions): Promise<readonly CellKey<KeyOf<G>>[]>
}

/** Makes the methods on one database. */
export const matrixMethods = (environment: WorkEnvironment, door: Door): MatrixMethods => {
  const enter = (of: object, options: unknown): MatrixSource => {
    door.enter(isGenerator(of) ? [] : [of], options)
    return of as MatrixSource
  }
  return {
    matrix: async (of: object, options: SpanOptions = {}) =>
      matrix(environment, enter(of, options), options),
    cell: async (of: object, options: CellOptions) =>
      cell(environment, enter(of, options), options) as never,
    cells: async (of: object, options: CellsOptions) =>
      cells(environment, enter(of, options), options) as never,
  }
}
