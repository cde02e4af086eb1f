import { isDeepStrictEqual } from 'node:util'
import type { Figure } from '../comparison.ts'
import type { CountedPool } from '../counted-pool.ts'
import { countRuns, type RunCounts } from './counts.ts'

const HELD_UNITS = 10_000

// BEGIN and COMMIT included; the statements of the work itself are not.
const SENT = [
  { name: 'chunkClaimed', what: 'to claim a chunk', bar: 3 },
  { name: 'chunkSaved', what: 'to save a chunk at once', bar: 4 },
  { name: 'unitSaved', what: 'to save a unit by itself', bar: 4 },
  { name: 'again', what: 'of a run of one chunk that was made before', bar: 9 },
] as const

const figure = (what: string, value: number, unit: string, bar: number): Figure => ({
  ...{ what, value, unit, sign: '≤', bar },
  met: value <= bar,
})

function sentFigures(counts: RunCounts): readonly Figure[] {
  return SENT.flatMap(({ name, what, bar }) => {
    const { statements, roundTrips } = counts[name]
    return [
      figure(`statements ${what}`, statements, 'statements', bar),
      figure(`round trips ${what}`, roundTrips, 'round trips', bar),
    ]
  })
}

const WRITTEN_AGAIN = [
  { 'INSERT run': 1 },
  { 'INSERT event': 1 },
  { 'INSERT event': 1 },
  { 'UPDATE run': 1 },
]

function requireWritten({ writtenAgain, beats }: RunCounts): void {
  if (!isDeepStrictEqual(writtenAgain, WRITTEN_AGAIN)) {
    throw new Error(`A run again of two chunks wrote ${JSON.stringify(writtenAgain)}.`)
  }
  const strange = beats.find((beat) => !isDeepStrictEqual(beat, { 'UPDATE lease': 1 }))
  if (strange) throw new Error(`A beat wrote ${JSON.stringify(strange)}.`)
}

/**
 * Counts what runs send and write, and holds it against what is promised. Counts do not depend on
 * the machine: one that is over its bar is a failure.
 *
 * @throws Error where more is sent or written
 */
export async function checkPromises(database: CountedPool): Promise<readonly Figure[]> {
  const counts = await countRuns(database, HELD_UNITS)
  requireWritten(counts)
  const figures = sentFigures(counts)
  const missed = figures.find(({ met }) => !met)
  if (missed) throw new Error(`${missed.value} ${missed.what}, and not ${missed.bar} at most.`)
  const beat = `rows that a beat writes for ${HELD_UNITS.toLocaleString('en-US')} held claims`
  const rows = Math.max(...counts.beats.flatMap((written) => Object.values(written)))
  return [...figures, figure(beat, rows, 'rows', 1)]
}
