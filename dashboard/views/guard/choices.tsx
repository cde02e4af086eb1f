/** How a guard is to be enforced. */
export interface Choices {
  readonly repair?: boolean
  readonly online?: boolean
  readonly constraint?: boolean
}

const CHOICES = [
  [
    'repair',
    'Repair the duplicates on the way',
    'Behind the gate, as the guard declares it; each repair can be undone.',
  ],
  ['online', 'Never let writers wait', 'Also where the table is small enough for one moment.'],
  ['constraint', 'Make a constraint of it', 'For tools that look for constraints, not indexes.'],
] as const

/** The choices of an enforcement. */
export function EnforceChoices({
  choices,
  onChoose,
}: {
  readonly choices: Choices
  readonly onChoose: (choices: Choices) => void
}) {
  return (
    <fieldset class="enforce-choices">
      <legend class="hidden">How to enforce it</legend>
      {CHOICES.map(([name, title, words]) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={choices[name] === true}
            onChange={({ currentTarget }) =>
              onChoose({ ...choices, [name]: currentTarget.checked })
            }
          />
          <span>
            {title}
            <span class="soft">{words}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
