/**
 * The seam between the demo and the systems: each system exports `demo: SystemDemo`, which runs its
 * incident twice, naive and through Onceover, and returns what it measured as data.
 */

/** What a measured figure must be: exactly a number, or no less than one. */
export type Expected = { readonly is: number } | { readonly atLeast: number }

/** A number measured in this run, with what it must be where the incident says so. */
export interface Measured {
  readonly value: number
  readonly must?: Expected
}

/** One line of a system's table: the same thing counted on both sides (or on one). */
export interface Figure {
  /** What was counted, in the domain's words: 'batches in the table'. */
  readonly what: string
  readonly naive?: Measured
  readonly onceover?: Measured
}

/** What a system's demo gives back. */
export interface SystemReport {
  /** The folder's name: 'job-batches'. */
  readonly system: string
  /** One sentence: what happened in the incident. */
  readonly incident: string
  /** One sentence: what was run just now, with the number of processes. */
  readonly run: string
  readonly figures: readonly Figure[]
  /** Lines worth reading below the table, such as the text of a refusal. */
  readonly notes?: readonly string[]
}

/** What the demo hands to each system. */
export interface DemoContext {
  /**
   * Creates an empty throw-away database and gives its URL; dropped when the demo ends.
   * `label` is a short identifier such as 'lessons_naive'.
   */
  readonly freshDatabase: (label: string) => Promise<string>
  /** How many worker processes each side runs at once. */
  readonly workers: number
  /** Says on stderr what is going on; never on stdout. */
  readonly progress: (line: string) => void
}

/** A system's demo: `systems/<system>/demo.ts` exports it as `demo`. */
export type SystemDemo = (context: DemoContext) => Promise<SystemReport>

/** A figure that must be exactly `expected`. */
export const mustBe = (value: number, expected: number): Measured => ({
  value,
  must: { is: expected },
})

/** A figure that must be `least` or more. */
export const mustReach = (value: number, least: number): Measured => ({
  value,
  must: { atLeast: least },
})

/** A figure that is only shown. */
export const shown = (value: number): Measured => ({ value })

/** Whether a figure is what it must be; one without an expectation always is. */
export function holds(measured: Measured): boolean {
  if (measured.must === undefined) return true
  return 'is' in measured.must
    ? measured.value === measured.must.is
    : measured.value >= measured.must.atLeast
}

/** An expectation in words: 'exactly 4', 'at least 1'. */
export function inWords(expected: Expected): string {
  return 'is' in expected ? `exactly ${expected.is}` : `at least ${expected.atLeast}`
}
