import { useId } from 'preact/hooks'
import type { GuardDetail } from '../../contract.ts'
import { type Asked, type Draft, type Mode, modesOf } from './draft.ts'
import { RowFields } from './row-fields.tsx'

interface RequestProps {
  readonly guard: GuardDetail
  readonly draft: Draft
  readonly faults: Asked['faults'] | undefined
  readonly onChange: (change: Partial<Draft>) => void
}

const MODES: Readonly<Record<Mode, string>> = {
  range: 'All of some days',
  keys: 'Some keys',
  rows: 'Rows',
}

/** What is to be made: days, keys, or rows. */
export function Request({ guard, draft, faults, onChange }: RequestProps) {
  const modes = modesOf(guard)
  return (
    <section class="panel request" aria-labelledby="request-title">
      <h2 id="request-title">{titleOf(guard, draft.mode)}</h2>
      {modes.length > 1 && (
        <fieldset class="modes">
          <legend class="hidden">What to make</legend>
          {modes.map((mode) => (
            <label key={mode}>
              <input
                type="radio"
                name="mode"
                checked={draft.mode === mode}
                onChange={() => onChange({ mode })}
              />
              {MODES[mode]}
            </label>
          ))}
        </fieldset>
      )}
      {draft.mode === 'range' ? (
        <Days draft={draft} fault={faults?.[0]} onChange={onChange} />
      ) : (
        <RowFields guard={guard} draft={draft} faults={faults} onChange={onChange} />
      )}
    </section>
  )
}

function titleOf({ name, table }: GuardDetail, mode: Mode): string {
  if (mode === 'rows') return `Rows of ${table}`
  return mode === 'range' ? `Everything that ${name} expects` : `Keys of ${name}`
}

const SPANS = [
  ['Today', 0],
  ['Last 7 days', 6],
  ['Last 28 days', 27],
] as const

function Days({
  draft: { from, to },
  fault,
  onChange,
}: Pick<RequestProps, 'draft' | 'onChange'> & { readonly fault: string | undefined }) {
  const id = useId()
  return (
    <div class="days">
      <div class="filters">
        <label class="field" for={`${id}-from`}>
          <span>First day</span>
          <input
            id={`${id}-from`}
            type="date"
            value={from}
            aria-invalid={fault !== undefined}
            aria-describedby={fault && `${id}-fault`}
            onInput={({ currentTarget }) => onChange({ from: currentTarget.value })}
          />
        </label>
        <label class="field" for={`${id}-to`}>
          <span>Last day</span>
          <input
            id={`${id}-to`}
            type="date"
            value={to}
            aria-invalid={fault !== undefined}
            aria-describedby={fault && `${id}-fault`}
            onInput={({ currentTarget }) => onChange({ to: currentTarget.value })}
          />
        </label>
        {SPANS.map(([words, back]) => (
          <button
            key={words}
            type="button"
            class="plain"
            onClick={() => onChange({ from: daysAgo(back), to: daysAgo(0) })}
          >
            {words}
          </button>
        ))}
      </div>
      {fault && (
        <p id={`${id}-fault`} class="ink-bad" role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}

// The days of whoever looks: sv writes them as ISO does.
const isoDay = new Intl.DateTimeFormat('sv')

function daysAgo(days: number): string {
  const day = new Date()
  day.setDate(day.getDate() - days)
  return isoDay.format(day)
}
