import type { Candidate } from './candidate.ts'
import type { Figures, Measured } from './measure.ts'
import { isDated } from './roles.ts'
import { indexesOf } from './standing.ts'
import type { Subject } from './subject.ts'

/** Beyond this share of rows in excess a key is none: repetition is what its rows are like. */
const MOST_EXCESS = 0.65
/** Up to this share duplicates are an accident, and the key is most urgent. */
const ACCIDENT = 0.5
/** The same for a key without a date in it, whose rows may come again, in a table of some size. */
const UNDATED = { accident: 0.15, most: 0.5, rows: 100 } as const
/** Fewer rows in a table than this are hardly evidence. */
const FEW_ROWS = 10
/** What is proposed at least. */
const LOWEST = 35

const UNCOUNTED = 0.5
const EMPTY = 0.55
/** The rows of a table that has some, but none with the key. */
const UNUSED = 0.4
const UNIQUE = 0.8

/** How much the rows speak for a key, 0 to 1; 0 where they speak against it. */
function evidence({ rows, keys }: Figures, { parts }: Candidate, subject: Subject): number {
  if (rows === 0) return subject.rows > 0 ? UNUSED : EMPTY
  const dated = parts.some(({ column }) => column && isDated(column))
  const loose = dated || subject.rows < UNDATED.rows
  const [accident, most] = loose ? [ACCIDENT, MOST_EXCESS] : [UNDATED.accident, UNDATED.most]
  const doubt = subject.rows < FEW_ROWS ? 0.6 + (0.4 * subject.rows) / FEW_ROWS : 1
  const share = (rows - keys) / rows
  if (share === 0) return UNIQUE * doubt
  if (share > most) return 0
  if (share <= accident) return doubt
  return doubt * (1 - ((share - accident) / (most - accident)) * 0.4)
}

// Whoever made the wider unique index knew that the narrower key repeats by right.
const isNarrower = (subject: Subject, { parts }: Candidate): boolean =>
  indexesOf(subject).some(
    ({ index, items }) =>
      index.valid &&
      items.length > parts.length &&
      parts.every(({ name }) => items.some(({ column }) => column === name)),
  )

const namesOf = ({ parts }: Candidate): readonly string[] => parts.map(({ name }) => name)

/** Whether one key has all parts of another and more. */
export const isWider = (wide: Candidate, narrow: Candidate): boolean =>
  wide.parts.length > narrow.parts.length &&
  namesOf(narrow).every((name) => namesOf(wide).includes(name))

// What a likelier, wider key tells apart repeats in the narrower one by right.
const isExplained = ({ candidate, figures }: Measured, all: readonly Measured[]): boolean =>
  figures !== undefined &&
  all.some(
    (other) =>
      other.candidate.prior > candidate.prior &&
      isWider(other.candidate, candidate) &&
      other.figures?.rows === figures.rows &&
      other.figures.keys > figures.keys,
  )

/**
 * How likely a key is one and how urgent it is to guard it, 0 to 100; 0 drops it.
 *
 * @param all the measured keys of the table
 */
export function scoreOf(subject: Subject, measured: Measured, all: readonly Measured[]): number {
  const { candidate, figures } = measured
  const rows = figures ? evidence(figures, candidate, subject) : UNCOUNTED
  const narrower = isNarrower(subject, candidate) ? 0.5 : 1
  const explained = isExplained(measured, all) ? 0.6 : 1
  const score = Math.round(100 * candidate.prior * rows * narrower * explained)
  return score < LOWEST ? 0 : score
}

/** The score of a key that an index holds: nothing is urgent, only the declaration is missing. */
export const ENFORCED_SCORE = 60
