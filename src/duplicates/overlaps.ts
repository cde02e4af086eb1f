import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { selectTypes } from '../guards/queries.ts'
import type { Session } from '../postgres/session.ts'
import { answer, zip } from './answer.ts'
import { type DividedKey, divideKey, selectOverlaps } from './overlaps/queries.ts'

/** Rows whose ranges overlap, directly or through others of them, though their keys differ. */
export interface OverlapCluster {
  /** The parts of the key that the range does not read: the same in all of its rows. */
  readonly key: RowValues
  readonly rows: number
  /** How many different keys they have, two at least. */
  readonly keys: number
  /** The range that they take up together, as PostgreSQL writes it; one in time is in UTC. */
  readonly span: string
  /** The first rows, up to ten, each with its `range`. */
  readonly members: readonly RowValues[]
}

/** The ranges that overlap, which equal keys cannot see. */
export interface Overlaps {
  readonly clusters: number
  /** Rows in all clusters. */
  readonly rows: number
  /** The largest clusters, up to ten. */
  readonly largest: readonly OverlapCluster[]
}

type Cluster = readonly [
  rows: number,
  keys: number,
  span: string,
  key: readonly unknown[],
  members: readonly (readonly unknown[])[],
]

const asCluster = (
  { shown }: Inspection,
  { apart }: DividedKey,
  [rows, keys, span, key, members]: Cluster,
): OverlapCluster => ({
  key: zip(apart, key),
  rows,
  keys,
  span,
  members: members.map((values) => zip([{ name: 'range' }, ...shown], values)),
})

/** The overlaps of the ranges that the guard declares; undefined where it declares none. */
export async function findOverlaps(
  session: Session,
  inspection: Inspection,
): Promise<Overlaps | undefined> {
  if (inspection.guard.overlap === undefined) return undefined
  const divided = divideKey(inspection)
  const { overlap } = inspection.guard
  const statement = selectTypes(inspection.table.quoted, [`(${overlap})`])
  const [base = ''] = await answer<readonly string[]>(session, statement)
  const found = await answer<{ clusters: number; rows: number; largest: readonly Cluster[] }>(
    session,
    selectOverlaps(inspection, divided, base),
  )
  return {
    ...found,
    largest: found.largest.map((cluster) => asCluster(inspection, divided, cluster)),
  }
}
