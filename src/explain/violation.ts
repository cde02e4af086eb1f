import { OnceoverError } from '../core/error.ts'

/** What a refusal is about: an equal key, a range that overlaps, or a part that is missing. */
export type ViolationKind = 'unique' | 'exclusion' | 'not_null'

/** What an error or a log line says of the row that PostgreSQL refused. */
export interface Violation {
  /** Undefined where the text does not say: the catalogue then knows what the constraint is. */
  readonly kind: ViolationKind | undefined
  /** Names that may be that of the constraint, the likeliest first. */
  readonly constraints: readonly string[]
  readonly schema?: string
  readonly table?: string
  /** Columns of the key, where an ORM names them in place of the constraint. */
  readonly columns?: readonly string[]
  /** The column that is NULL, of `not_null`. */
  readonly column?: string
  /** PostgreSQL's DETAIL: `Key (a, b)=(1, 2) already exists.` */
  readonly detail?: string
  /** When, as the text writes it; `now` for an error that was just thrown. */
  readonly at?: string
}

/** The facts of an object without those that are undefined or empty. */
export const present = <T extends object>(
  facts: {
    readonly [Name in keyof T]: T[Name] | undefined
  },
): T =>
  Object.fromEntries(
    Object.entries(facts).filter(([, fact]) => fact !== undefined && fact !== ''),
  ) as T

/** @returns the error for what is no duplicate, or cannot be read as one */
export const notADuplicate = (message: string, cause?: unknown): OnceoverError =>
  new OnceoverError('NOT_A_DUPLICATE', {
    message,
    ...(cause !== undefined && { cause }),
  })
