import type { AnyGenerator, Guard, Onceover } from 'onceover'
import type pg from 'pg'

/** What a system is furnished with. */
export interface Furnishing {
  readonly once: Onceover
  readonly pool: pg.Pool
  /** URL of the database, for processes of their own. */
  readonly url: string
  /** 'YYYY-MM-DD', by the database's clock. */
  readonly today: string
}

/** A request that shows a system at work: POST `body` to `path`, which begins with its folder. */
export interface Example {
  readonly path: string
  readonly body: object
}

/** Something to know, and to look at. */
export interface Told {
  /** In a sentence or two. */
  readonly says: string
  /** Where the dashboard shows it: a route such as `#/runs/7`. */
  readonly see: string
}

/** Everything that a system made in the last days, asked for again. */
export interface Rerun {
  /** What was asked for, in the plural: 'reports'. */
  readonly what: string
  readonly asked: number
  readonly made: number
  readonly skipped: number
}

/** A system that lives: furnished around today's date, and ready to be looked at. */
export interface LiveSystem {
  readonly guards: readonly Guard[]
  readonly generators: readonly AnyGenerator[]
  /** Worth sending twice. */
  readonly example: Example
  /** What was planted that is worth a look. */
  readonly planted: Told
  /** Begins with what goes on while one looks. */
  begin?(): void
  /** Asks again for what it made lately. */
  rerun?(): Promise<Rerun>
  /** Ends what it still runs. */
  close?(): Promise<void>
}

/** The dashboard's page of a guard: 'duplicates', 'matrix'. */
export const pageOf = (guard: Guard, page: string, query = ''): string =>
  `#/guards/${guard.name}/${page}${query && `?${query}`}`
