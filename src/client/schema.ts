import { ChangeReader } from '../audit/changes.ts'
import { type EventFilter, eventPage, events, type StoredEvent } from '../audit/events.ts'
import { type Door, requireWork } from '../core/door.ts'
import type { Page } from '../core/page.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Transaction } from '../postgres/handle.ts'
import { type Migrated, migrate } from '../postgres/migrate.ts'
import { type Uninstalled, uninstall } from '../postgres/uninstall.ts'

/** What a database is asked and told as a whole. */
export interface SchemaMethods {
  /** Brings the schema `onceover` up to date; safe when many processes start at once. */
  migrate(): Promise<Migrated>
  /** Drops the schema `onceover` and nothing else. */
  uninstall(): Promise<Uninstalled>
  /**
   * Runs `work` in a transaction: BEGIN, work, COMMIT with its answer checked.
   *
   * @param options `retries`: runs of the whole after 40001 or 40P01, default 0
   */
  transaction<T>(
    work: (handle: Transaction) => Promise<T>,
    options?: { readonly retries?: number },
  ): Promise<T>
  /** Holds a guard against the catalogue: its table, its parts, the indexes that cover it. */
  inspect(guard: Guard): Promise<Inspection>
  /** Opens a reader of changes: each `read()` says what changed since the one before. */
  changes(): ChangeReader
  /** The audit, newest first. */
  events(filter?: EventFilter): Promise<readonly StoredEvent[]>
  /**
   * A page of it, in bounded time: where a filter has no index it looks at 500 events, at
   * fewer where it reads their keys, and says how far it came.
   */
  searchEvents(filter?: EventFilter): Promise<Page<StoredEvent>>
}

/** Makes the methods on one database. */
export const schemaMethods = (database: Database, door: Door): SchemaMethods => {
  return {
    migrate: async () => {
      door.enter([])
      return migrate(database)
    },
    uninstall: async () => {
      door.enter([])
      return uninstall(database)
    },
    transaction: async (work, given = {}) => {
      door.enter([], given)
      requireWork(work)
      return database.transaction(work, { retries: given.retries ?? 0 })
    },
    inspect: async (guard) => {
      door.enter([guard])
      return database.read((session) => inspect(session, guard))
    },
    changes: () => {
      door.enter([])
      return new ChangeReader(database.session)
    },
    events: async (filter = {}) => {
      door.enter([], filter)
      return events(database.session, filter)
    },
    searchEvents: async (filter = {}) => {
      door.enter([], filter)
      return eventPage(database.session, filter)
    },
  }
}
