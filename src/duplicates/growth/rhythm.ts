import { CYCLES, type Cycle } from './queries.ts'

/** When excess rows are made again and again, as far as the rows bear it out. */
export interface Rhythm {
  readonly every: 'hour' | 'day' | 'week'
  /** The part of each period in which they are made, its end excluded, in UTC: `:03–:05`. */
  readonly at: string
  /** The first and the last excess row of it, ISO in UTC. */
  readonly since: string
  readonly until: string
  /** The same as a sentence goes on: `hourly at :03–:05 since 2025-10-16`. */
  readonly text: string
}

/** What PostgreSQL counted of one cycle in the largest series of runs. */
export interface CycleCounts {
  /** By how many slots its periods begin late. */
  readonly shift: number
  /** Excess rows in it. */
  readonly rows: number
  /** Periods with an excess row; how many of them follow right on another; from first to last. */
  readonly periods: number
  readonly follows: number
  readonly stretch: number
  readonly since: string
  readonly until: string
  /** In which slot how many periods have their first excess row. */
  readonly starts: readonly (readonly [slot: number, periods: number])[]
  /** In which slot how many excess rows were made. */
  readonly slots: readonly (readonly [slot: number, rows: number])[]
}

interface Window {
  readonly from: number
  readonly to: number
  /** Whether it holds every excess row of the series. */
  readonly whole: boolean
}

/** The longest part of a period that is still a rhythm. */
const WIDEST = { hour: 10 / 60, day: 2 / 24, week: 6 / 168 } as const
const FEWEST_PERIODS = 3
/** Of all excess rows, so many belong to the series; of its rows, so many lie in the window. */
const MOST = 0.8
const NEARLY_ALL = 0.95
/** So many periods begin in the window, and follow right on another. */
const PUNCTUAL = 0.9
const STEADY = 0.75
/** So likely may chance alone put every period's start into one window. */
const CHANCE = 0.01

// The narrowest window that holds so many of the rows.
function narrowest({ slots, rows }: CycleCounts, share: number): Window | undefined {
  let best: Window | undefined
  let held = 0
  let low = 0
  for (const [to, many] of slots) {
    held += many
    for (;;) {
      const [from, least] = slots[low] ?? [to, 0]
      if (held < rows * share) break
      if (!best || to - from < best.to - best.from) best = { from, to, whole: share === 1 }
      held -= least
      low++
    }
  }
  return best
}

function windowOf(counts: CycleCounts, { every, slots }: Cycle): Window | undefined {
  const widest = WIDEST[every] * slots
  return [1, NEARLY_ALL]
    .map((share) => narrowest(counts, share))
    .find((window) => window !== undefined && window.to - window.from + 1 <= widest)
}

function holds(counts: CycleCounts, { slots }: Cycle, { from, to }: Window): boolean {
  const { periods, follows, starts } = counts
  const punctual = starts
    .filter(([slot]) => slot >= from && slot <= to)
    .reduce((sum, [, times]) => sum + times, 0)
  const width = (to - from + 1) / slots
  return (
    punctual >= PUNCTUAL * periods &&
    follows >= STEADY * (periods - 1) &&
    periods * width ** (periods - 1) < CHANCE
  )
}

const two = (value: number): string => String(value).padStart(2, '0')

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

const clock = (minute: number): string => `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}`

function partOf({ every, slots, slotMinutes }: Cycle, { from, to }: Window, shift: number): string {
  const first = ((from + shift) % slots) * slotMinutes
  const end = ((to + shift + 1) % slots) * slotMinutes
  const say = (minute: number) => (every === 'hour' ? `:${two(minute)}` : clock(minute))
  const span = from === to && slotMinutes === 1 ? say(first) : `${say(first)}–${say(end)}`
  return every === 'week' ? `${DAYS[Math.floor(first / 1440)]} ${span}` : span
}

const WORDS = { hour: 'hourly', day: 'daily', week: 'weekly' } as const

function rhythmIn(counts: CycleCounts, cycle: Cycle, excess: number): Rhythm | undefined {
  const { rows, periods, stretch, since, until, shift } = counts
  if (periods < FEWEST_PERIODS || rows < MOST * excess) return undefined
  const window = windowOf(counts, cycle)
  if (!window || !holds(counts, cycle, window)) return undefined
  const { every } = cycle
  const at = partOf(cycle, window, shift)
  const missing = stretch > periods ? `, in ${periods} of ${stretch} ${every}s` : ''
  const text =
    `${WORDS[every]}${window.whole ? '' : ', mostly'} ${every === 'week' ? 'on' : 'at'} ` +
    `${at}${every === 'hour' ? '' : ' UTC'} ` +
    `since ${since.slice(0, 10)}${missing}`
  return { every, at, since: `${since}Z`, until: `${until}Z`, text }
}

/**
 * The rhythm in which excess rows were made: the shortest cycle in which nearly all of them lie in
 * one narrow part of its periods, most periods follow right on another, and chance is no likely
 * reason. Undefined where the rows do not say so.
 */
export function findRhythm(
  cycles: Readonly<Record<Cycle['every'], CycleCounts | null>>,
  excess: number,
): Rhythm | undefined {
  for (const cycle of CYCLES) {
    const counts = cycles[cycle.every]
    const rhythm = counts && rhythmIn(counts, cycle, excess)
    if (rhythm) return rhythm
  }
  return undefined
}
