import type { Totals } from '../../src/index.ts'
import { Glyph, labelOf, lookOf } from './state.tsx'

/** Verdicts as buttons with their counts, to narrow a list by one of them. */
export function VerdictFilter({
  totals,
  verdict,
  onVerdict,
  labels = {},
}: {
  readonly totals: Totals
  readonly verdict: string | undefined
  readonly onVerdict: (verdict: string | undefined) => void
  /** Other words than those of the states. */
  readonly labels?: Readonly<Record<string, string>>
}) {
  const { rows, ...counts } = totals
  const found = Object.entries(counts).filter(([name, count]) => count > 0 || name === verdict)
  return (
    <fieldset class="verdict-filter">
      <legend class="hidden">Narrow by verdict</legend>
      <button
        type="button"
        aria-pressed={verdict === undefined}
        onClick={() => onVerdict(undefined)}
      >
        All <b>{rows.toLocaleString()}</b>
      </button>
      {found.map(([name, count]) => (
        <button
          key={name}
          type="button"
          aria-pressed={verdict === name}
          onClick={() => onVerdict(verdict === name ? undefined : name)}
        >
          <Glyph name={lookOf(name).glyph} tone={lookOf(name).tone} />
          {labels[name] ?? labelOf(name)} <b>{count.toLocaleString()}</b>
        </button>
      ))}
    </fieldset>
  )
}
