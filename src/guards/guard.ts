import { OnceoverError } from '../core/error.ts'
import type { ExpressionPart, KeyPart } from '../core/key-part.ts'
import { declarationFaults } from './declaration.ts'
import { indexName } from './index-name.ts'

/** The parts of a key by name: the name of a column, or a free name for an expression. */
export type KeyParts = Readonly<Record<string, KeyPart>>

/** A table whose rows belong to a guarded row. */
export interface Child {
  /** Name of the child table, with its schema where it is not on the search path. */
  readonly table: string
  /** Its columns that hold the primary key of the guarded row, in that key's order. */
  readonly columns: readonly string[]
  /**
   * What a repair does with the rows of a loser: they go to the keeper (`repoint`, the default),
   * are deleted with it (`delete`), or keep the loser from being removed (`refuse`).
   */
  readonly policy?: 'repoint' | 'delete' | 'refuse'
  /**
   * What becomes of a row that its table's own unique key keeps from going to the keeper: the loser
   * stays (`refuse`, the default), the row is deleted (`drop`), or deleted with its own children
   * going to the row in its way (`merge`).
   */
  readonly collision?: 'refuse' | 'drop' | 'merge'
}

/** What happens to the losers of a duplicate group: deleted, or kept with other values. */
export type Losers =
  | 'delete'
  | { readonly set: Readonly<Record<string, string | number | boolean>> }

/** What the matrix of a guard is laid out by: whose keys they are, and when. */
export interface GuardMatrix {
  /** A part of the key or a column of the table: each of its values is a row of the matrix. */
  readonly entity: string
  /** A part of the key: its values are the columns of the matrix. */
  readonly period: string
  /** A query of two columns, the entity and how it is called. */
  readonly labels?: string
}

/** The declaration of a business key on a table. */
export interface GuardOptions<Parts extends KeyParts> {
  /** `table` or `schema.table`, as the catalogue spells it; in double quotes where it has a dot. */
  readonly table: string
  readonly key: Parts
  /** SQL predicate of the rows that the key binds. Default: all rows. */
  readonly where?: string
  /** ORDER BY items; the first row of a duplicate group is its keeper. Default: primary key asc. */
  readonly keep?: readonly string[]
  /** What a repair does with losers. Default `delete`. */
  readonly losers?: Losers
  /** SQL predicate of kept rows to look at twice: the plan of a repair warns of them. */
  readonly suspect?: string
  /** Columns to show of an existing row, besides its primary key. */
  readonly show?: readonly string[]
  /** Tables whose rows belong to a guarded row. */
  readonly children?: readonly Child[]
  /** Integer column that numbers allowed duplicates; 0 is the original. */
  readonly copies?: string
  /**
   * Whether a finished key counts only while its row stands (`row`, the default) or for ever. Only
   * claims can remember: an insert sees rows.
   */
  readonly remember?: 'row' | 'forever'
  /**
   * SQL predicate of rows that say themselves unfinished. A scan counts them, a claim adopts them
   * (`claim.existing`); an insert takes them for existing.
   */
  readonly unfinished?: string
  /**
   * SQL of the range that a row takes up, such as `tsrange(starts_at, ends_at)`, over columns of
   * which the key has at least one. A scan reports rows whose ranges overlap though their keys
   * differ, where the other parts of the key are equal.
   */
  readonly overlap?: string
  /** What the matrix is laid out by, as `once.matrix` shows it. */
  readonly matrix?: GuardMatrix
  /** Name of the unique index that `enforce` makes. */
  readonly index?: string
}

/** A declared guard. */
export interface Guard<Parts extends KeyParts = KeyParts> {
  readonly name: string
  readonly table: string
  readonly key: Parts
  readonly where: string | undefined
  readonly keep: readonly string[]
  readonly losers: Losers
  readonly suspect: string | undefined
  readonly show: readonly string[]
  readonly children: readonly Child[]
  readonly copies: string | undefined
  readonly remember: 'row' | 'forever'
  readonly unfinished: string | undefined
  readonly overlap: string | undefined
  readonly matrix: GuardMatrix | undefined
  readonly index: string
}

/** The values of a guard's key, by part. */
export type KeyOf<G extends Guard> = {
  readonly [Name in keyof G['key']]: G['key'][Name] extends KeyPart<infer Value> ? Value : never
}

// A part that PostgreSQL computes has no value in a row.
type Named<G extends Guard> = {
  [Name in keyof G['key']]: G['key'][Name] extends ExpressionPart ? never : Name
}[keyof G['key']]

/** The columns of the key that a row to insert has at least, with their types. */
export type KeyedRow<G extends Guard> = Pick<KeyOf<G>, Named<G>>

/** A row to insert: the columns of the key with their types, and any others. */
export type RowOf<G extends Guard> = KeyedRow<G> & Readonly<Record<string, unknown>>

const frozen = <T>(items: readonly T[] = []): readonly T[] => Object.freeze([...items])

const frozenLosers = (losers: Losers = 'delete'): Losers =>
  losers === 'delete' ? losers : Object.freeze({ set: Object.freeze({ ...losers.set }) })

const frozenChild = (child: Child): Child =>
  Object.freeze({ ...child, columns: frozen(child.columns) })

/**
 * Declares a business key on a table. Nothing is asked of the database yet.
 *
 * @param name how the guard is called everywhere: events, CLI, errors
 * @throws OnceoverError GUARD_INVALID naming every fault of the declaration
 */
export function guard<const Parts extends KeyParts>(
  name: string,
  options: GuardOptions<Parts>,
): Guard<Parts> {
  const wrong = [...declarationFaults(name, options)]
  if (wrong.length > 0) {
    throw new OnceoverError('GUARD_INVALID', {
      message: `The guard ${JSON.stringify(name)} is not well declared: ${wrong.join('; ')}.`,
      details: { guard: name, faults: wrong },
    })
  }
  return Object.freeze({
    name,
    table: options.table,
    key: Object.freeze({ ...options.key }),
    where: options.where,
    keep: frozen(options.keep),
    losers: frozenLosers(options.losers),
    suspect: options.suspect,
    show: frozen(options.show),
    children: frozen(options.children?.map(frozenChild)),
    copies: options.copies,
    remember: options.remember ?? 'row',
    unfinished: options.unfinished,
    overlap: options.overlap,
    matrix: options.matrix && Object.freeze({ ...options.matrix }),
    index: options.index ?? indexName(name, options.table),
  })
}
