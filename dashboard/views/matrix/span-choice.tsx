import type { MatrixPage } from '../../contract.ts'
import { setQuery } from '../../route.ts'
import { dayOf, daysBetween, isoDay, plusDays } from './period.ts'

const PRESETS = [
  ['2 weeks', 14],
  ['4 weeks', 28],
  ['Quarter', 91],
  ['Year', 365],
] as const

/** From which period to which: as it is in the address, or chosen by the server. */
export function SpanChoice({ page }: { readonly page: MatrixPage }) {
  const { from, to } = page
  const [start, end] = [dayOf(from ?? ''), dayOf(to ?? '')]
  if (!start || !end || from === null || to === null) return null
  const length = daysBetween(start, end) + 1
  const span = (first: string, last: string) => {
    if (dayOf(first) && dayOf(last)) setQuery({ from: first, to: last }, false)
  }
  return (
    <div class="span">
      <input
        type="date"
        aria-label="From"
        value={from}
        max={to}
        onChange={({ currentTarget }) => span(currentTarget.value, to)}
      />
      <span class="soft" aria-hidden="true">
        –
      </span>
      <input
        type="date"
        aria-label="To"
        value={to}
        min={from}
        onChange={({ currentTarget }) => span(from, currentTarget.value)}
      />
      <fieldset class="choices">
        <legend class="hidden">Length</legend>
        {PRESETS.map(([label, count]) => (
          <button
            key={label}
            type="button"
            aria-pressed={length === count}
            onClick={() => span(isoDay(plusDays(end, 1 - count)), to)}
          >
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  )
}
