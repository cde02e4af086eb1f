import type { Told } from './live-system.ts'
import { type LiveSystems, rerunAll } from './server.ts'

/** A key that does something to the systems while one looks at them. */
export interface LiveKey {
  readonly key: string
  /** In a word or two, for the line of help. */
  readonly short: string
  /** What it is about to do, while it does it. */
  readonly doing: string
  press(): Promise<Told>
}

/** The keys, in the order in which they tell a story. */
export const liveKeys = (systems: LiveSystems): readonly LiveKey[] => [
  {
    ...{ key: 'k', short: 'kill a worker' },
    doing: 'two processes write the reports of new students, and one of them gets SIGKILL',
    press: () => systems.reports.kill(),
  },
  {
    ...{ key: 'r', short: 'rerun' },
    doing: 'everything of the last days is asked for again',
    press: () => rerunAll(systems),
  },
  {
    ...{ key: 'd', short: 'inject duplicates' },
    doing: 'the hourly generator of the incident runs twice at once, unguarded',
    press: () => systems.sessions.inject(),
  },
  {
    ...{ key: 'f', short: 'repair' },
    doing: 'the duplicates are planned and repaired',
    press: () => systems.sessions.repair(),
  },
  {
    ...{ key: 'u', short: 'undo' },
    doing: 'the last repair is undone',
    press: () => systems.sessions.undo(),
  },
]
