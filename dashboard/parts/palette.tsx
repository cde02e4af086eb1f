import { signal } from '@preact/signals'
import { useId, useMemo, useState } from 'preact/hooks'
import { href } from '../route.ts'
import { guards } from '../session.ts'
import { Dialog } from './dialog.tsx'

interface Goal {
  readonly label: string
  readonly hint: string
  readonly address: string
}

const open = signal(false)

/** Opens the palette. */
export function openPalette(): void {
  open.value = true
}

addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
  event.preventDefault()
  open.value = !open.value
})

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function goalsFor(text: string): readonly Goal[] {
  const typed = text.trim().toLowerCase()
  if (UUID.test(typed)) {
    return [
      { label: `Run ${typed}`, hint: 'go to', address: href(['runs', typed]) },
      { label: `What run ${typed} did`, hint: 'audit', address: href(['audit'], { run: typed }) },
    ]
  }
  const words = typed.split(/\s+/).filter(Boolean)
  return allGoals().filter(({ label, hint }) => {
    const whole = `${label} ${hint}`.toLowerCase()
    return words.every((word) => whole.includes(word))
  })
}

const allGoals = (): readonly Goal[] => [
  { label: 'Guards', hint: 'overview', address: href([]) },
  { label: 'Runs', hint: 'view', address: href(['runs']) },
  { label: 'Audit', hint: 'view', address: href(['audit']) },
  { label: 'Repairs', hint: 'view', address: href(['repairs']) },
  ...guards.value.flatMap(({ name, matrix }) => [
    ...(matrix ? [{ label: name, hint: 'matrix', address: href(['guards', name, 'matrix']) }] : []),
    { label: name, hint: 'guard', address: href(['guards', name]) },
    { label: name, hint: 'duplicates', address: href(['guards', name, 'duplicates']) },
    { label: name, hint: 'create', address: href(['guards', name, 'create']) },
    { label: name, hint: 'runs', address: href(['runs'], { guard: name }) },
  ]),
]

/** Goes anywhere by a few letters: views, guards, the id of a run. Opened by Ctrl or Cmd and K. */
export function Palette() {
  if (!open.value) return null
  const close = () => {
    open.value = false
  }
  return (
    <Dialog title="Go to" onClose={close}>
      <Search onDone={close} />
    </Dialog>
  )
}

const MOST_SHOWN = 50

function Search({ onDone }: { readonly onDone: () => void }) {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const id = useId()
  const goals = useMemo(() => goalsFor(text).slice(0, MOST_SHOWN), [text])
  const take = (goal: Goal | undefined) => {
    if (!goal) return
    location.hash = goal.address
    onDone()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && goals.length > 0) {
      event.preventDefault()
      setChosen((chosen + step + goals.length) % goals.length)
    }
    if (event.key === 'Enter') take(goals[chosen])
  }
  return (
    <div class="palette">
      <input
        data-first
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={goals[chosen] && `${id}-${chosen}`}
        aria-label="A guard, a view, or the id of a run"
        placeholder="A guard, a view, or the id of a run"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={id} aria-label="Places" tabIndex={-1}>
        {goals.map((goal, place) => (
          <GoalLine
            key={goal.address}
            id={`${id}-${place}`}
            goal={goal}
            chosen={place === chosen}
            onTake={() => take(goal)}
          />
        ))}
      </div>
      {goals.length === 0 && <p class="soft">Nothing has that name.</p>}
    </div>
  )
}

function GoalLine({
  id,
  goal,
  chosen,
  onTake,
}: {
  readonly id: string
  readonly goal: Goal
  readonly chosen: boolean
  readonly onTake: () => void
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the input above takes the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      ref={(line) => {
        if (chosen) line?.scrollIntoView({ block: 'nearest' })
      }}
      onClick={onTake}
    >
      <span>{goal.label}</span>
      <span class="soft">{goal.hint}</span>
    </div>
  )
}
