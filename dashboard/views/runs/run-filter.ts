import type { StoredRun } from '../../../src/index.ts'
import { apiPath, get } from '../../api.ts'
import type { Page } from '../../contract.ts'
import type { Query } from '../../route.ts'

/** The states of a run, those that need a look first. */
export const RUN_STATES = [
  'running',
  'crashed',
  'stopped',
  'cancelled',
  'done',
] as const satisfies readonly StoredRun['state'][]

/** Those in which a run holds keys, or may go on: it can be cancelled. */
export const OPEN_STATES = ['running', 'crashed', 'stopped'] as const

/** True where a run can be cancelled. */
export const isOpen = ({ state }: Pick<StoredRun, 'state'>): boolean =>
  OPEN_STATES.some((each) => each === state)

/** What runs are narrowed by, as the address has it. */
export interface RunFilter {
  readonly guard: string | undefined
  readonly state: string | undefined
  readonly actor: string | undefined
  readonly since: string | undefined
}

/** The filter in an address. */
export const filterOf = ({ guard, state, actor, since }: Query): RunFilter => ({
  guard: worded(guard),
  state: worded(state),
  actor: worded(actor),
  since: worded(since),
})

const worded = (value: Query[string]): string | undefined =>
  value === undefined || value === '' ? undefined : String(value)

/** A filter in words, for a title: `running runs of reports by cron`. */
export function filterWords({ guard, state, actor, since }: RunFilter, runs = 'runs'): string {
  const words = [
    state,
    runs,
    guard && `of ${guard}`,
    actor && `by ${actor}`,
    since && `of the last ${since}`,
  ]
  return words.filter(Boolean).join(' ')
}

/** More are not cancelled at once. */
export const MOST_CANCELLED = 1000

/**
 * Runs that match and can still be cancelled, newest first. More than `MOST_CANCELLED` where there
 * are so many.
 *
 * @throws ApiError
 */
export async function openRuns(filter: RunFilter): Promise<readonly StoredRun[]> {
  const items: StoredRun[] = []
  const asked = { ...filter, state: filter.state ?? OPEN_STATES.join(','), limit: 500 }
  let cursor: string | undefined
  do {
    const page = await get<Page<StoredRun>>(apiPath(['runs'], { ...asked, cursor }))
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined && items.length <= MOST_CANCELLED)
  return items
}
