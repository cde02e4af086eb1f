import type { Policy, VerdictName } from '../../src/index.ts'

/** A row of the table that the model stands for. */
export interface ModelRow {
  id: number
  a: number | null
  b: string
  live: boolean
  code: string | null
  n: number
  copy: number
}

/** A row of an input: what is left out takes its default. */
export type ModelInput = Partial<Omit<ModelRow, 'id' | 'copy' | 'n'>> & { readonly n?: unknown }

/** What the guard of the model says. */
export interface ModelGuard {
  readonly nulls: 'reject' | 'equal' | 'distinct'
  readonly copies: boolean
}

/** What becomes of one row. */
export interface ModelVerdict {
  readonly verdict: VerdictName
  readonly firstIndex?: number
  /** The row that was made or replaced. */
  readonly row?: ModelRow
  /** Its copy as it was, or the row that was met. */
  readonly existing?: ModelRow
}

const DEFAULTS = { a: 1, b: 'x', live: true, code: null, n: 3 }

interface Candidate {
  readonly index: number
  readonly given: ModelInput
  readonly row: ModelRow
  readonly key: string | undefined
}

/** One table with a unique key where `live`, a unique `code`, and a CHECK that `n` is positive. */
export class Model {
  rows: ModelRow[] = []
  #nextId = 1
  readonly #guard: ModelGuard

  constructor(guard: ModelGuard) {
    this.#guard = guard
  }

  #key({ a, b, live }: ModelRow): string | undefined {
    if (!live || (a === null && this.#guard.nulls === 'distinct')) return undefined
    return JSON.stringify([a, b.trim().toLowerCase()])
  }

  /** Inserts an input row by row, in the order of the keys, and says what becomes of each. */
  insert(input: readonly ModelInput[], policy: Policy): ModelVerdict[] {
    const verdicts: ModelVerdict[] = []
    const firsts = new Map<string, number>()
    const waiting: Candidate[] = []
    for (const [index, given] of input.entries()) {
      const row = { id: 0, copy: 0, ...DEFAULTS, ...given } as ModelRow
      const key = this.#key(row)
      if (typeof row.n !== 'number') verdicts[index] = { verdict: 'invalid' }
      else if (key !== undefined && row.a === null && this.#guard.nulls === 'reject') {
        verdicts[index] = { verdict: 'invalid' }
      } else if (key !== undefined && firsts.has(key)) {
        verdicts[index] = { verdict: 'collided', firstIndex: Number(firsts.get(key)) }
      } else {
        if (key !== undefined) firsts.set(key, index)
        waiting.push({ index, given, row, key })
      }
    }
    for (const each of waiting.sort(byKey)) verdicts[each.index] = this.#judge(each, policy)
    return verdicts
  }

  #judge({ given, row, key }: Candidate, policy: Policy): ModelVerdict {
    const standing = this.rows
      .filter((each) => key !== undefined && this.#key(each) === key)
      .sort((left, right) => left.copy - right.copy)
    const [existing] = standing
    if (!existing) return this.#add(row, 0, 'created')
    const before = { ...existing }
    if (policy === 'allow') {
      const top = Math.max(...standing.map(({ copy }) => copy))
      const made = this.#add(row, top + 1, 'allowed')
      return made.row ? { ...made, existing: before } : made
    }
    if (policy !== 'replace') return { verdict: 'skipped', existing: before }
    const after = { ...existing, ...given } as ModelRow
    if (this.#breaks(after)) return { verdict: 'failed' }
    Object.assign(existing, after)
    return { verdict: 'replaced', existing: before, row: existing }
  }

  #add(row: ModelRow, copy: number, verdict: VerdictName): ModelVerdict {
    if (this.#breaks(row)) return { verdict: 'failed' }
    const made = { ...row, copy, id: this.#nextId++ }
    this.rows.push(made)
    return { verdict, row: made }
  }

  #breaks({ id, n, code }: ModelRow): boolean {
    if (n <= 0) return true
    return code !== null && this.rows.some((each) => each.id !== id && each.code === code)
  }
}

// As PostgreSQL orders: NULL last, then the canonical text, then the place in the input.
function byKey(left: Candidate, right: Candidate): number {
  const [one, other] = [left.row, right.row]
  const a = (one.a ?? Number.POSITIVE_INFINITY) - (other.a ?? Number.POSITIVE_INFINITY)
  if (a !== 0 && !Number.isNaN(a)) return a
  const [b, c] = [one.b.trim().toLowerCase(), other.b.trim().toLowerCase()]
  return b < c ? -1 : b > c ? 1 : left.index - right.index
}
