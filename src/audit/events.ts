import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'

/** Which events to read. */
export interface EventFilter {
  readonly guard?: string
}

/** One line of the audit. */
export interface StoredEvent {
  readonly id: string
}

/** Reads the audit. */
export async function events(_session: Session, _filter: EventFilter): Promise<StoredEvent[]> {
  throw new OnceoverError('NOT_MIGRATED', { message: 'not yet' })
}
