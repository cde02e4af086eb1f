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
    let candidates: Candidate[] = []
    for (const [index, given] of input.entries()) {
      const row = { id: 0, copy: 0, ...DEFAULTS, ...given } as ModelRow
      const key = this.#key(row)
      const holed = key !== undefined && row.a === null && this.#guard.nulls === 'reject'
      if (typeof row.n !== 'number' || holed) verdicts[index] = { verdict: 'invalid' }
      else candidates.push({ index, given, row, key })
    }
    // A row that collided with one that then failed has its turn in the next round.
    while (candidates.length > 0) candidates = this.#round(candidates, policy, verdicts)
    return verdicts
  }

  #round(candidates: readonly Candidate[], policy: Policy, verdicts: ModelVerdict[]): Candidate[] {
    const firsts = new Map<string, number>()
    const waiting: Candidate[] = []
    const collided: Candidate[] = []
    for (const each of candidates) {
      const first = each.key === undefined ? undefined : firsts.get(each.key)
      if (first !== undefined) {
        verdicts[each.index] = { verdict: 'collided', firstIndex: first }
        collided.push(each)
      } else {
        if (each.key !== undefined) firsts.set(each.key, each.index)
        waiting.push(each)
      }
    }
    for (const each of waiting.sort(byKey)) verdicts[each.index] = this.#judge(each, policy)
    return collided.filter(
      ({ key }) => verdicts[Number(firsts.get(key ?? ''))]?.verdict === 'failed',
    )
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
