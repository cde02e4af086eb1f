import type { RowValues, StoredRun } from '../../src/index.ts'
import { valueText } from './key-text.tsx'

/** What a run is called: why it was made, or the beginning of its id. */
export const runTitle = ({ id, reason }: Pick<StoredRun, 'id' | 'reason'>): string =>
  reason ?? `Run ${id.slice(0, 8)}`

const MOST_LETTERS = 120

/** The range of a run in words: `2026-11-01 to 2026-11-07`, else its values by name. */
export function rangeText(range: RowValues): string {
  const { from, until, to = until, ...rest } = range
  const days = [...new Set([from, to])].filter((day) => day !== undefined)
  const others = Object.entries(rest).map(([name, value]) => {
    if (!Array.isArray(value)) return `${name} ${valueText(value)}`
    return value.length > 0 && `${value.length} ${name}`
  })
  const text = [days.map(valueText).join(' to '), ...others].filter(Boolean).join(', ')
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text
}
