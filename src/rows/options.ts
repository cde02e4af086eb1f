import { OnceoverError } from '../core/error.ts'
import type { Policy } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import { type Handle, isHandle, isPool } from '../postgres/handle.ts'

/** How rows are inserted. */
export interface InsertOptions {
  /** What to do with a row whose key exists. Default `skip`. */
  readonly onDuplicate?: Policy
  /** A handle inside a transaction of the caller: nothing is committed here. */
  readonly handle?: Handle
  /** Why the rows are made; recorded with the run. */
  readonly reason?: string
  /** Who asks; recorded with the run. */
  readonly actor?: string
}

const OPTIONS: ReadonlySet<string> = new Set([
  ...['onDuplicate', 'handle', 'reason', 'actor', 'chunkRows'],
])

const POLICIES: ReadonlySet<string> = new Set(['skip', 'reject', 'replace', 'allow'])

function checkAllow({ name, table, copies, key }: Guard, { reason, actor }: InsertOptions) {
  if (copies === undefined) {
    throw new OnceoverError('COPIES_NOT_DECLARED', {
      message: `The guard ${name} has no copy column, so a duplicate cannot be told apart.`,
      fix:
        `ALTER TABLE ${table} ADD COLUMN copy_number int NOT NULL DEFAULT 0; then declare ` +
        `copies: 'copy_number' and enforce a unique index on ` +
        `(${Object.keys(key).join(', ')}, copy_number).`,
      details: { guard: name },
    })
  }
  if (!reason?.trim() || !actor?.trim()) {
    throw new OnceoverError('ALLOW_NEEDS_REASON', {
      message: `onDuplicate: 'allow' on the guard ${name} was asked without a reason or an actor.`,
      details: { guard: name },
    })
  }
}

function checkReplace({ name, copies, children }: Guard, { handle }: InsertOptions) {
  if (copies !== undefined) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `onDuplicate: 'replace' on the guard ${name} could mean any of a key's copies.`,
      fix: 'Update the copy that is meant by its primary key.',
      details: { guard: name },
    })
  }
  if (children.length > 0 && !handle) {
    throw new OnceoverError('REPLACE_NEEDS_TRANSACTION', {
      message:
        `Rows of the guard ${name} have children in ${children.map(({ table }) => table)}: ` +
        'replaced alone, they would stand beside the old ones.',
      details: { guard: name },
    })
  }
}

/**
 * Checks the options of an insert against the guard, before anything is asked of the database.
 *
 * @throws OnceoverError INPUT_INVALID, HANDLE_INVALID, COPIES_NOT_DECLARED, ALLOW_NEEDS_REASON,
 * REPLACE_NEEDS_TRANSACTION
 */
export function checkOptions(guard: Guard, options: InsertOptions): void {
  const unknown = Object.keys(options).find((option) => !OPTIONS.has(option))
  if (unknown !== undefined) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `There is no option ${unknown}.`,
      fix: `The options are: ${[...OPTIONS].join(', ')}.`,
    })
  }
  const { onDuplicate = 'skip', handle } = options
  if (!POLICIES.has(onDuplicate)) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `There is no policy ${JSON.stringify(onDuplicate)}.`,
      fix: `onDuplicate is one of: ${[...POLICIES].join(', ')}.`,
    })
  }
  if (handle !== undefined && (!isHandle(handle) || isPool(handle))) {
    throw new OnceoverError('HANDLE_INVALID', {
      message: '`handle` must be one connection inside a transaction; a Pool is many.',
      fix: 'Pass the client that ran BEGIN, or the handle that once.transaction() gives.',
    })
  }
  if (onDuplicate === 'allow') checkAllow(guard, options)
  if (onDuplicate === 'replace') checkReplace(guard, options)
}

/**
 * Refuses a guard that no valid unique index covers.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCED naming the invalid and the shadowing indexes,
 * PERMISSION_DENIED where this role may not ask
 */
export function checkEnforced({ guard, coverage }: Inspection): void {
  if (coverage.enforced) return
  if (coverage.enforced === undefined) {
    throw new OnceoverError('PERMISSION_DENIED', {
      message: `This role may not insert into ${guard.table}, nor ask which index covers its key.`,
      details: { guard: guard.name, table: guard.table },
    })
  }
  const invalid = coverage.invalid.map(({ name }) => `${name} is invalid`)
  const shadows = coverage.shadows.map(({ name, why }) => `${name} ${why}`)
  const seen = [...invalid, ...shadows].join('; ')
  throw new OnceoverError('GUARD_NOT_ENFORCED', {
    message:
      `No valid unique index covers the guard ${guard.name} on ${guard.table}` +
      `${seen && ` (${seen})`}: two callers could both insert the same key.`,
    details: { guard: guard.name, table: guard.table, invalid, shadows },
  })
}
