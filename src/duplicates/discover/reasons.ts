import type { Figures } from './measure.ts'
import type { ProposedDuplicates } from './proposal.ts'
import type { Subject } from './subject.ts'

const count = (value: number): string => value.toLocaleString('en-US')

const some = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`

/** What breaks a key. */
export const duplicatesOf = (
  { percent }: Subject,
  { rows, keys, groups }: Figures,
): ProposedDuplicates => ({ groups, excess: rows - keys, estimated: percent < 100 })

/** What the rows say of a key, as a sentence. */
export function saidByRows({ percent }: Subject, figures: Figures | undefined): string {
  if (!figures) return 'Its rows were not counted: that took too long.'
  const { rows, keys, groups } = figures
  const read =
    percent < 100 ? `, estimated from a sample of ${percent.toPrecision(2)} % of the pages` : ''
  if (rows === 0) return `No row has this key yet${read}: names and types alone speak for it.`
  if (rows === keys) return `None of ${some(rows, 'row')} repeats it${read}; nothing enforces it.`
  // Rounded down: what has a duplicate is not all distinct.
  const share = Math.floor((1000 * keys) / rows) / 10
  return (
    `${some(rows - keys, 'excess row')} in ${some(groups, 'group')}, of ${some(rows, 'row')} ` +
    `(${share} % distinct)${read}; nothing enforces it.`
  )
}
