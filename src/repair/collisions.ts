import type { Session } from '../postgres/session.ts'
import type { Edge, Family } from './family.ts'
import type { Journal } from './journal.ts'
import { countCollisions, planned } from './moving/queries.ts'

/** How many rows of an edge their own unique keys keep from going to the keepers of a plan. */
export async function collisionsOf(
  session: Session,
  family: Family,
  edge: Edge,
  journal: Journal,
): Promise<number> {
  if (edge.policy !== 'repoint') return 0
  const source = planned(family, journal, edge)
  let collisions = 0
  for (const key of edge.keys) {
    const [row] = await session.query<{ rows: string }>(countCollisions(family, edge, key, source))
    collisions += Number(row?.rows ?? 0)
  }
  return collisions
}
