import type { MatrixRow } from '../../contract.ts'
import { Glyph, lookOf, State } from '../../parts/state.tsx'
import { stateAt } from './cell-state.ts'
import { dayOf, headOf, isoDay, monthOf, plusDays, wordsOf } from './period.ts'

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

interface PeriodsProps {
  readonly periods: readonly string[]
  readonly row: MatrixRow
  readonly onOpen: (period: string) => void
}

/** A month as a table of weeks, which begin on Monday. */
export function Month({ month, ...props }: PeriodsProps & { readonly month: string }) {
  const first = dayOf(`${month}-01`) ?? new Date()
  return (
    <table class="month-table">
      <caption>{monthOf(first)}</caption>
      <thead>
        <tr>
          {WEEKDAYS.map((name) => (
            <th key={name} scope="col" abbr={name}>
              {name.slice(0, 2)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeksOf(first).map((week) => (
          <tr key={isoDay(week[0] ?? first)}>
            {week.map((day) => (
              <td key={isoDay(day)}>
                {day.getUTCMonth() === first.getUTCMonth() && <Day {...props} day={isoDay(day)} />}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Day({ day, periods, row, onOpen }: PeriodsProps & { readonly day: string }) {
  const column = periods.indexOf(day)
  const state = column < 0 ? undefined : stateAt(row, column)
  if (!state) {
    return (
      <span class="day">
        <span class="soft">{headOf(day)}</span>
      </span>
    )
  }
  const count = row.counts?.[column] ?? 1
  return (
    <button
      type="button"
      class={`day cell-${state}`}
      title={`${wordsOf(day)}: ${state}`}
      aria-label={`${wordsOf(day)}: ${state}${count > 1 ? `, ${count} keys` : ''}`}
      onClick={() => onOpen(day)}
    >
      <span>{headOf(day)}</span>
      <Glyph name={lookOf(state).glyph} />
    </button>
  )
}

// Whole weeks that hold the month.
function weeksOf(first: Date): readonly (readonly Date[])[] {
  const before = (first.getUTCDay() + 6) % 7
  const month = first.getUTCMonth()
  const weeks: Date[][] = []
  for (let day = plusDays(first, -before); ; day = plusDays(day, 7)) {
    if (weeks.length > 0 && day.getUTCMonth() !== month) return weeks
    weeks.push(Array.from({ length: 7 }, (_, place) => plusDays(day, place)))
  }
}

/** Periods that are no days, each with its state. */
export function PeriodList({ periods, row, onOpen }: PeriodsProps) {
  return (
    <ul class="key-list">
      {periods.map((period, column) => {
        const state = stateAt(row, column)
        if (!state) return null
        return (
          <li key={period}>
            <button type="button" class="plain" onClick={() => onOpen(period)}>
              {period} <State name={state} />
            </button>
          </li>
        )
      })}
    </ul>
  )
}
