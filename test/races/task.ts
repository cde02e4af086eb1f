import type { Totals } from '../../src/index.ts'

/** What a process does: the same numbers in an order of its own. */
export interface Task {
  readonly url: string
  readonly how: /** One array, however long. */
    | 'array'
    /** One array in the transaction of the process: nobody runs it again. */
    | 'handle'
    /** Arrays of a hundred rows. */
    | 'calls'
    | 'stream'
    /** A SELECT of the table `wanted`. */
    | 'select'
    /** By the second key of the table. */
    | 'holders'
    /** Some of the rows one by one, in SQL that knows nothing of guards. */
    | 'unaware'
    /** Rows in one transaction, in SQL and in whatever order: what a call must not do. */
    | 'unsorted'
    /** Deletes the numbers one by one. */
    | 'delete'
  readonly count: number
  readonly seed: number
  readonly onDuplicate?: 'skip' | 'replace'
}

/** What a process tells its parent. */
export type Told =
  | { readonly kind: 'ready' }
  /** What came of a call, and the numbers it created. */
  | { readonly kind: 'done'; readonly totals: Totals; readonly created: readonly number[] }
  | { readonly kind: 'deleted'; readonly count: number }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
