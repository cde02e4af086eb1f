/** The letters of what a key comes to, the gravest first; a cell shows that of its gravest key. */
export const MATRIX_STATES = {
  /** Rows stand in excess of one. */
  duplicate: 'u',
  /** The last attempt failed, or it was the last; or it was begun and nobody is at it. */
  failed: 'f',
  /** Expected, and neither made nor under way. */
  missing: 'm',
  /** Under way: claimed by a worker that lives. */
  claimed: 'c',
  /** Cancelled, and not made. */
  cancelled: 'x',
  /** Done, and somebody who came again was turned away lately. */
  skipped: 's',
  /** A row that nobody expected. */
  extra: 'e',
  /** A finished row stands. */
  done: 'd',
} as const

/** What a key comes to. */
export type MatrixState = keyof typeof MATRIX_STATES

/** The names of the states, the gravest first: the place of a state is how grave it is. */
export const GRAVITY = Object.keys(MATRIX_STATES) as readonly MatrixState[]
