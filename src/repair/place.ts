import type { Session } from '../postgres/session.ts'
import { selectCluster, selectDatabase } from './queries.ts'

/** Which database it is: its name and, as far as the role may know, the identity of its cluster. */
export interface Place {
  readonly name: string
  /** It tells a copy on another host from the original. */
  readonly cluster: string | null
}

/** Says which database a session is on. */
export async function placeOf(session: Session): Promise<Place> {
  const [database] = await session.query<{ name: string; may_ask: boolean }>(selectDatabase())
  const [control] = database?.may_ask
    ? await session.query<{ cluster: string }>(selectCluster())
    : []
  return { name: database?.name ?? '', cluster: control?.cluster ?? null }
}

/** Whether two are one, as far as that is known. */
export const isSamePlace = (one: Place, other: Place): boolean =>
  one.name === other.name &&
  (one.cluster === other.cluster || one.cluster === null || other.cluster === null)
