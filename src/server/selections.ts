import { randomUUID } from 'node:crypto'
import { type Days, OnceoverError, type RowValues } from '../index.ts'

/** Keys that were looked up once: what is shown of them is what is run. */
export interface Selection {
  readonly id: string
  readonly guard: string
  readonly keys: readonly RowValues[]
  /** The days of the matrix that they were chosen from; null for keys of claims. */
  readonly days: Days | null
  /** When they were looked up, in ISO form, by the clock of the server. */
  readonly at: string
}

interface Kept {
  readonly selection: Selection
  /** By the clock of the process. */
  readonly sinceMs: number
}

const KEPT_MS = 15 * 60_000
const MOST_SELECTIONS = 200
const MOST_KEYS = 500_000

/** How many keys one selection may have. */
export const MOST_SELECTED = 100_000

/**
 * The selections of this process, for 15 minutes each. The oldest goes first where there are too
 * many of them, or of their keys.
 */
export class Selections {
  #kept: readonly Kept[] = []

  /**
   * Keeps keys under a name of their own.
   *
   * @throws OnceoverError INPUT_INVALID for more than can be kept
   */
  add(parts: Omit<Selection, 'id' | 'at'>): Selection {
    if (parts.keys.length > MOST_SELECTED) throw tooMany()
    const selection: Selection = { ...parts, id: randomUUID(), at: new Date().toISOString() }
    const kept: Kept[] = [{ selection, sinceMs: performance.now() }]
    let keys = selection.keys.length
    for (const each of this.#alive().toReversed()) {
      keys += each.selection.keys.length
      if (kept.length === MOST_SELECTIONS || keys > MOST_KEYS) break
      kept.unshift(each)
    }
    this.#kept = kept
    return selection
  }

  /** @throws OnceoverError SELECTION_GONE where it is none of the guard, or no longer kept */
  get(guard: string, id: string): Selection {
    const found = this.#alive().find(({ selection }) => selection.id === id)?.selection
    if (found?.guard === guard) return found
    throw new OnceoverError('SELECTION_GONE', {
      message: `There is no selection ${id} of ${guard}, or not any more.`,
      details: { guard, selection: id },
    })
  }

  #alive(): readonly Kept[] {
    const now = performance.now()
    return this.#kept.filter(({ sinceMs }) => now - sinceMs < KEPT_MS)
  }
}

/** The error of a filter that finds more keys than a selection may have. */
export const tooMany = (): OnceoverError =>
  new OnceoverError('INPUT_INVALID', {
    message: `More than ${MOST_SELECTED} keys match: a selection has no more.`,
    fix: 'Narrow the filter: a shorter span, fewer states, some entities.',
  })
