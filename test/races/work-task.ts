import type { Totals } from '../../src/index.ts'

/** What a process of a race of work does. */
export interface WorkTask {
  readonly url: string
  readonly how: /** Every unit of the list, from a place of its own, until none is left. */
    | 'list'
    /** As `list`, each unit slow. */
    | 'slow list'
  readonly count: number
  readonly seed: number
}

/** What a process of a race of work tells its parent. */
export type WorkTold =
  /** How many units it made so far. */
  | { readonly kind: 'progress'; readonly run: string; readonly created: number }
  | { readonly kind: 'done'; readonly state: string; readonly totals: Totals }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
