import type { Inspection } from '../guards/inspect.ts'

/** What enforcing a guard came to. */
export interface Enforced {
  readonly guard: string
  /** Name of the unique index that covers the guard. */
  readonly index: string
  /** False where an index, whatever its name, covered the guard already. */
  readonly created: boolean
  /** The DDL of what was made to stay; empty where none was needed. */
  readonly ddl: string
  /** The SQL that takes away what helped and could not be taken away yet; mostly none. */
  readonly left: readonly string[]
}

/** A guard whose index stood before. */
export const asEnforced = ({ guard, coverage }: Inspection): Enforced | undefined => {
  const [index] = coverage.enforced ? coverage.indexes : []
  return index && { guard: guard.name, index: index.name, created: false, ddl: '', left: [] }
}
