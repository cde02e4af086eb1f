import { useId } from 'preact/hooks'
import { SearchField } from '../../parts/search-field.tsx'
import { labelOf } from '../../parts/state.tsx'
import { setQuery } from '../../route.ts'
import { guards } from '../../session.ts'
import { RUN_STATES, type RunFilter } from './run-filter.ts'

const SPANS = [
  ['', 'any time'],
  ['1h', 'the last hour'],
  ['1d', 'the last day'],
  ['7d', 'the last 7 days'],
  ['30d', 'the last 30 days'],
] as const

/** What the runs are narrowed by; every choice is in the address at once. */
export function RunFilters({ filter }: { readonly filter: RunFilter }) {
  const { guard = '', state = '', since = '' } = filter
  const names = guards.value.map(({ name }) => name)
  return (
    <search class="filters">
      <Choice
        name="guard"
        label="Guard"
        value={guard}
        choices={[['', 'all guards'], ...withGiven(names, guard).map((name) => [name, name])]}
      />
      <Choice
        name="state"
        label="State"
        value={state}
        choices={[
          ['', 'any state'],
          ...withGiven(RUN_STATES, state).map((each) => [each, labelOf(each)]),
        ]}
      />
      <Choice
        name="since"
        label="Begun in"
        value={since}
        choices={
          SPANS.some(([span]) => span === since)
            ? SPANS
            : [...SPANS, [since, `since ${since}`] as const]
        }
      />
      <div class="field">
        <span aria-hidden="true">Actor</span>
        <SearchField
          label="Actor"
          value={filter.actor ?? ''}
          onSearch={(text) => setQuery({ actor: text.trim() })}
        />
      </div>
    </search>
  )
}

const withGiven = (names: readonly string[], given: string): readonly string[] =>
  given === '' || names.includes(given) ? names : [...names, given]

function Choice({
  name,
  label,
  value,
  choices,
}: {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly choices: readonly (readonly string[])[]
}) {
  const id = useId()
  return (
    <label class="field" for={id}>
      <span>{label}</span>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      >
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
