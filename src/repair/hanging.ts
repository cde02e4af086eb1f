import type { Session } from '../postgres/session.ts'
import type { Edge, Family } from './family.ts'
import {
  holdHanging,
  journalColliding,
  journalHanging,
  orphan,
  renewVersions,
  repoint,
  selectColliding,
  selectHanging,
  selectLeft,
  selectLostSurvivors,
} from './hanging/queries.ts'
import type { Journal } from './journal.ts'
import { journalled, type Round, selectHeirless } from './moving/queries.ts'
import { Offence } from './offence.ts'

interface Moved {
  readonly rows: string
  readonly journalled: string
  readonly kept: string
}

const seqsOf = (rows: readonly { seq: string }[]): readonly string[] => rows.map(({ seq }) => seq)

/** What hangs on the losers of one batch: it is sent to the keepers, or goes with its parents. */
export class Hanging {
  readonly #session: Session
  readonly #family: Family
  readonly #journal: Journal
  readonly #batch: number
  /** Rows of children that went to keepers or lost their parent. */
  moved = 0
  /** Rows of children that were journalled to be deleted. */
  dropped = 0

  constructor(session: Session, family: Family, journal: Journal, batch: number) {
    this.#session = session
    this.#family = family
    this.#journal = journal
    this.#batch = batch
  }

  /**
   * Follows every edge from what was journalled last until nothing more is.
   *
   * @throws Offence naming the losers that cannot be removed
   */
  async settle(): Promise<void> {
    // The tables that lost rows in the last round: only from there is there more to follow.
    let losing: ReadonlySet<number> = new Set([0])
    for (let round = 0; losing.size > 0; round++) {
      const next = new Set<number>()
      for (const edge of this.#family.edges) {
        if (!losing.has(edge.parent)) continue
        const found = await this.#follow(edge, { batch: this.#batch, round })
        if (found > 0) next.add(edge.child)
        this.dropped += found
      }
      losing = next
    }
    for (const edge of this.#family.edges) await this.#refuseLeft(edge)
  }

  // A cascade would take such a row without a journal.
  async #refuseLeft(edge: Edge): Promise<void> {
    const left = await this.#session.query<{ seq: string }>(
      selectLeft(this.#family, this.#journal, edge, { batch: this.#batch }),
    )
    const table = this.#family.tables[edge.child]?.quoted ?? ''
    if (left.length > 0) throw new Offence(seqsOf(left), `rows of ${table} still hang on it`)
  }

  /** @returns how many rows were journalled to be deleted */
  async #follow(edge: Edge, round: Round): Promise<number> {
    const [held] = await this.#session.query<{ rows: string }>(
      holdHanging(this.#family, this.#journal, edge, round),
    )
    if (held?.rows === '0') return 0
    const below = edge.parent !== 0
    const orphans = below ? await this.#followOrphans(edge, round) : 0
    if (edge.policy === 'delete') return orphans + (await this.#journalHanging(edge, round, below))
    if (edge.policy === 'refuse') {
      await this.#refuse(edge, round, false)
      return orphans
    }
    await this.#refuseHeirless(edge, round)
    const collided = await this.#collide(edge, round)
    await this.#move(edge, round, repoint(this.#family, this.#journal, edge, round))
    return orphans + collided
  }

  async #followOrphans(edge: Edge, round: Round): Promise<number> {
    if (edge.orphans === 'delete') return this.#journalHanging(edge, round, true)
    if (edge.orphans === 'refuse') await this.#refuse(edge, round, true)
    else await this.#move(edge, round, orphan(this.#family, this.#journal, edge, round))
    return 0
  }

  async #journalHanging(edge: Edge, round: Round, orphansOnly: boolean): Promise<number> {
    const [row] = await this.#session.query<{ rows: string }>(
      journalHanging(this.#family, this.#journal, edge, round, orphansOnly),
    )
    return Number(row?.rows ?? 0)
  }

  async #refuse(edge: Edge, round: Round, orphansOnly: boolean): Promise<void> {
    const rows = await this.#session.query<{ seq: string }>(
      selectHanging(this.#family, this.#journal, edge, round, orphansOnly),
    )
    const table = this.#family.tables[edge.child]?.quoted ?? ''
    if (rows.length > 0) throw new Offence(seqsOf(rows), `rows of ${table} hang on it`)
  }

  async #refuseHeirless(edge: Edge, round: Round): Promise<void> {
    const unknown = edge.references.filter(({ notNull }) => !notNull)
    if (unknown.length === 0) return
    const from = journalled(this.#family, this.#journal, edge, round)
    const rows = await this.#session.query<{ seq: string }>(
      selectHeirless(this.#family, edge, from),
    )
    if (rows.length === 0) return
    const table = this.#family.tables[edge.child]?.quoted ?? ''
    const names = unknown.map(({ quoted }) => quoted).join(', ')
    throw new Offence(
      seqsOf(rows),
      `rows of ${table} point to its ${names}, and its keeper has none`,
    )
  }

  async #collide(edge: Edge, round: Round): Promise<number> {
    const table = this.#family.tables[edge.child]?.quoted ?? ''
    let journalled = 0
    for (const key of edge.keys) {
      if (edge.collision === 'refuse') {
        const rows = await this.#session.query<{ seq: string }>(
          selectColliding(this.#family, this.#journal, edge, key, round),
        )
        if (rows.length === 0) continue
        throw new Offence(seqsOf(rows), `rows of ${table} collide on ${key.name}`)
      }
      const [row] = await this.#session.query<{ rows: string }>(
        journalColliding(this.#family, this.#journal, edge, key, round),
      )
      journalled += Number(row?.rows ?? 0)
    }
    if (journalled > 0 && edge.collision === 'merge') {
      const lost = await this.#session.query<{ seq: string }>(
        selectLostSurvivors(this.#family, this.#journal, edge, round),
      )
      if (lost.length > 0) throw new Offence(seqsOf(lost), `rows of ${table} collide twice over`)
    }
    return journalled
  }

  async #move(edge: Edge, round: Round, statement: ReturnType<typeof repoint>): Promise<void> {
    if (edge.child === 0) {
      await this.#session.query(renewVersions(this.#family, this.#journal, edge, round))
    }
    const [row] = await this.#session.query<Moved>(statement)
    const table = this.#family.tables[edge.child]?.quoted ?? ''
    if (row && row.rows !== row.journalled) {
      throw new Offence(JSON.parse(row.kept), `a trigger keeps rows of ${table} as they are`)
    }
    this.moved += Number(row?.rows ?? 0)
  }
}
