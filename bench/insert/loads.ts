import { inChunks, type Random, shuffled, uuidFrom, whole } from '../random.ts'
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
