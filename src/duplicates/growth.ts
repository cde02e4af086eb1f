import type { Inspection } from '../guards/inspect.ts'
import { madeColumn } from '../guards/made-column.ts'
import type { Column } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { answer } from './answer.ts'
import { sourceColumns } from './growth/columns.ts'
import { type Cycle, selectGrowth } from './growth/queries.ts'
import { type CycleCounts, findRhythm, type Rhythm } from './growth/rhythm.ts'
import { referencesOf } from './tenant.ts'

/** All rows and the excess ones that were made in one unit of time. */
export interface GrowthBucket {
  /** When it begins, ISO in UTC. */
  readonly at: string
  readonly rows: number
  readonly excess: number
}

/** What excess rows have in common more often than other rows: the series or batch they are of. */
export interface GrowthSource {
  readonly column: string
  readonly value: string
  readonly excess: number
  /** Duplicate groups to which it added. */
  readonly groups: number
}

/**
 * When the excess rows were made: all rows of a group but the earliest. Times without a zone are
 * taken to be in UTC.
 */
export interface Growth {
  /** The column that says when a row was made. */
  readonly column: string
  /** Excess rows whose time is known. */
  readonly excess: number
  /** The first and the last of them, ISO in UTC. */
  readonly first: string
  readonly last: string
  readonly unit: 'minute' | 'hour' | 'day' | 'week' | 'month'
  /** In order and without gaps, at most 200. */
  readonly buckets: readonly GrowthBucket[]
  /** Where they come again and again, as far as the rows bear it out. */
  readonly rhythm?: Rhythm
  /** The ten that made most excess rows. */
  readonly sources: readonly GrowthSource[]
}

/** Growth, or why it is not known, as a sentence. */
export type GrowthFound = { readonly growth: Growth } | { readonly growthUnknown: string }

interface Answer {
  readonly excess: number
  readonly unit: Growth['unit']
  readonly first: string
  readonly last: string
  readonly buckets: readonly (readonly [at: string, rows: number, excess: number])[]
  readonly cycles: Readonly<Record<Cycle['every'], CycleCounts | null>>
  readonly sources: readonly (readonly [
    column: number,
    value: string,
    excess: number,
    groups: number,
    rows: number,
  ])[]
}

const SHOWN_SOURCES = 10
/** By how much more often excess rows have a value than all rows do, for it to say something. */
const OVER = 1.1
/** What made fewer of them is noise. */
const SMALLEST_SHARE = 0.01

function sourcesOf(
  { sources, excess: all }: Answer,
  columns: readonly Column[],
  total: number,
): readonly GrowthSource[] {
  return sources
    .filter(([, , excess, , rows]) => {
      const usual = (rows / total) * all
      return excess >= all * SMALLEST_SHARE && (excess >= usual * OVER || excess === rows)
    })
    .slice(0, SHOWN_SOURCES)
    .map(([at, value, excess, groups]) => ({
      column: columns[at]?.name ?? '',
      ...{ value, excess, groups },
    }))
}

// Around the excess rows there may be nothing at all.
function bucketsOf({ buckets }: Answer): readonly GrowthBucket[] {
  const filled = buckets.map(([, rows]) => rows > 0)
  return buckets
    .slice(Math.max(0, filled.indexOf(true)), filled.lastIndexOf(true) + 1)
    .map(([at, rows, excess]) => ({ at: `${at}Z`, rows, excess }))
}

/**
 * Reads when the excess rows of a guard were made, in what rhythm and by what.
 *
 * @param rows how many rows the key binds, duplicates or not
 */
export async function findGrowth(
  session: Session,
  inspection: Inspection,
  rows: number,
): Promise<GrowthFound> {
  const { table } = inspection
  const time = madeColumn(table)
  if (!time) {
    return { growthUnknown: `${table.name} has no column that says when a row was made.` }
  }
  const columns = sourceColumns(inspection, await referencesOf(session, table))
  const found = await answer<Answer>(session, selectGrowth(inspection, time, columns))
  if (found.excess === 0) return { growthUnknown: 'There is no excess row with a time.' }
  const rhythm = findRhythm(found.cycles, found.excess)
  return {
    growth: {
      column: time.name,
      excess: found.excess,
      first: `${found.first}Z`,
      last: `${found.last}Z`,
      unit: found.unit,
      buckets: bucketsOf(found),
      ...(rhythm && { rhythm }),
      sources: sourcesOf(found, columns, rows),
    },
  }
}
