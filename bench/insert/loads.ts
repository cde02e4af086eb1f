import type { SessionRow } from './table.ts'

/** The loads, in the order in which they come. */
export const LOADS = ['new keys', 'all duplicates', '50/50 shuffled'] as const

/** See `LOADS`. */
export type LoadName = (typeof LOADS)[number]

/** Rows that come in, in chunks. */
export interface Load {
  readonly name: LoadName
  readonly chunks: readonly (readonly SessionRow[])[]
}

type Random = () => number

/**
 * Numbers from 0 up to 1 that a seed repeats. Source: mulberry32, public domain; good enough to
 * shuffle.
 */
export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const whole = (random: Random, below: number): number => Math.floor(random() * below)

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => whole(random, 16).toString(16)).join('')

const uuidFrom = (random: Random): string =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`

const DAY_MS = 86_400_000
const FIRST_DAY = Date.UTC(2026, 0, 1)
const DAYS = 365
const TEACHERS = 200

/** Makes sessions over a year; no two have the same student, so every key is new. */
export function sessionMaker(random: Random): (count: number) => SessionRow[] {
  const teachers = Array.from({ length: TEACHERS }, () => uuidFrom(random))
  const make = (): SessionRow => {
    const hour = 8 + whole(random, 12)
    return {
      date: new Date(FIRST_DAY + whole(random, DAYS) * DAY_MS).toISOString().slice(0, 10),
      start_time: `${String(hour).padStart(2, '0')}:00:00`,
      end_time: `${String(hour + 1).padStart(2, '0')}:30:00`,
      teacher_id: teachers[whole(random, TEACHERS)] ?? '',
      student_id: uuidFrom(random),
      status: 'CONFIRMED',
    }
  }
  return (count) => Array.from({ length: count }, make)
}

/** The items in an order that the seed decides (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const place = whole(random, last + 1)
    const [one, other] = [order[last], order[place]]
    if (one === undefined || other === undefined) continue
    order[last] = other
    order[place] = one
  }
  return order
}

/** Rows in chunks of one size; the last may be shorter. */
export const inChunks = <T>(rows: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, place) =>
    rows.slice(place * size, (place + 1) * size),
  )

/** The loads, each of `rows` rows; the later ones repeat keys of the first. */
export function loadsOf(rows: number, chunkRows: number, random: Random): readonly Load[] {
  const make = sessionMaker(random)
  const first = make(rows)
  const half = Math.floor(rows / 2)
  const mixed = [...shuffled(first, random).slice(0, half), ...make(rows - half)]
  return [
    { name: 'new keys', chunks: inChunks(first, chunkRows) },
    { name: 'all duplicates', chunks: inChunks(shuffled(first, random), chunkRows) },
    { name: '50/50 shuffled', chunks: inChunks(shuffled(mixed, random), chunkRows) },
  ]
}
