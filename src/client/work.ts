import { resolve, type StepResolution } from '../claims/resolve.ts'
import type { Door } from '../core/door.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Guard, KeyedRow, KeyOf } from '../guards/guard.ts'
import type { InsertResult } from '../rows/insert.ts'
import type { InsertOptions } from '../rows/options.ts'
import { preview } from '../rows/preview.ts'
import {
  type AnyGenerator,
  type Generator,
  isGenerator,
  requireGenerator,
  type UnitOf,
  type UnitSource,
} from '../runs/generator.ts'
import type { RunOptions } from '../runs/options.ts'
import { type PreviewOptions, previewRun, type RunPreview } from '../runs/preview.ts'
import { type ReconcileOptions, type Reconciliation, reconcile } from '../runs/reconcile.ts'
import { type RetryOptions, resume, retry } from '../runs/resume.ts'
import { type RunResult, run } from '../runs/run.ts'
import { type RunOneOptions, type RunOneResult, runOne } from '../runs/run-one.ts'
import type { Source } from '../runs/source.ts'
import type { WorkEnvironment } from '../runs/work.ts'

/** Work: making a unit is slow or has side effects. */
export interface WorkMethods {
  /** Says what `insert` would do, row by row; writes nothing. */
  preview<G extends Guard, const Row extends KeyedRow<G>>(
    guard: G,
    rows: readonly Row[],
    options?: InsertOptions,
  ): Promise<InsertResult<KeyOf<G>>>
  /** Says what `run` would do with each unit; writes nothing. */
  preview<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: PreviewOptions<KeyOf<G>>,
  ): Promise<RunPreview<KeyOf<G>>>
  /**
   * Makes every unit exactly once, whatever else runs and wherever it is killed. Units come from an
   * array, anything iterable, or a range that the generator's `expected` knows.
   */
  run<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: RunOptions<KeyOf<G>>,
  ): Promise<RunResult<KeyOf<G>>>
  /** Makes one unit exactly once; `wait` is how long to wait for another's result. */
  runOne<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    unit: UnitOf<G, Input>,
    options?: RunOneOptions,
  ): Promise<RunOneResult<KeyOf<G>>>
  /**
   * Goes on with a run that crashed or stopped: with what it claimed and did not finish, and with
   * the rest of its range.
   */
  resume<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    run: string,
    options?: RunOptions<KeyOf<G>>,
  ): Promise<RunResult<KeyOf<G>>>
  /** Tries failed and exhausted units again, and makes the missing ones of a range. */
  retry<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    options?: RetryOptions<KeyOf<G>, NoInfer<Range>>,
  ): Promise<RunResult<KeyOf<G>>>
  /**
   * Holds what a generator expects against the rows and claims that there are, in one statement:
   * missing, extra, duplicate, in flight, failed, for each period. Reads only.
   */
  reconcile<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: ReconcileOptions<keyof KeyOf<G>>,
  ): Promise<Reconciliation<KeyOf<G>>>
  /**
   * Answers for the provider of a step whose answer was lost: what it answered, or that the call
   * was never made and is made `again`.
   */
  resolveStep<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    key: KeyedRow<G>,
    step: string,
    resolution: StepResolution,
  ): Promise<void>
}

/** Makes the methods on one database. */
export const workMethods = (environment: WorkEnvironment, door: Door): WorkMethods => {
  const { underWay } = environment
  // Inside, a generator's types are unknown: what it was given goes through it as it is.
  const enter = (generator: object, given: unknown): AnyGenerator => {
    door.enter([], given)
    requireGenerator(generator)
    return generator
  }
  return {
    preview: async (of: Guard | AnyGenerator, rows: unknown, given = {}) => {
      if (isGenerator(of)) {
        return previewRun(environment, enter(of, given), rows as Source, given) as never
      }
      door.enter([of], given)
      return preview(environment, of, rows as readonly RowValues[], given) as never
    },
    run: async (generator, source, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => run(environment, of, source as Source, given as never)) as never
    },
    runOne: async (generator, unit, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => runOne(environment, of, unit, given)) as never
    },
    resume: async (generator, id, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => resume(environment, of, id, given as never)) as never
    },
    retry: async (generator, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => retry(environment, of, given as never)) as never
    },
    reconcile: async (generator, source, given = {}) => {
      const of = enter(generator, given)
      return reconcile(environment, of, source as Source, given as ReconcileOptions) as never
    },
    resolveStep: async (generator, key, step, resolution) => {
      return resolve(environment, enter(generator, resolution).guard, key, step, resolution)
    },
  }
}
