import type { Onceover } from 'onceover'
import { sessions } from './guards.ts'

/** A session that was asked for and stood already. */
export interface SkippedSession {
  readonly at: string
  readonly run: string
  readonly actor: string | null
  readonly reason: string | null
  /** The key, by part: date, start_time, end_time, teacher_id, student_id. */
  readonly key: Readonly<Record<string, unknown>>
  /** The id of the session that stood. */
  readonly existing: string | null
}

/** Which skips to list: not older than `since` ('1d', '2h'), from at most `limit` events. */
export interface SkippedRange {
  readonly since: string
  readonly limit: number
}

/** The skipped 1:1 sessions, newest event first; one event holds the skips of a run's chunk. */
export async function skippedSessions(
  once: Onceover,
  range: SkippedRange,
): Promise<SkippedSession[]> {
  const events = await once.events({ guard: sessions.name, verdict: 'skipped', ...range })
  return events.flatMap(({ at, run, actor, reason, keys, existing }) =>
    keys.map((key, place) => {
      const id = existing?.[place]?.id
      return { at, run, actor, reason, key, existing: typeof id === 'string' ? id : null }
    }),
  )
}
