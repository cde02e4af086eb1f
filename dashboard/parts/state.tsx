/** Which colours a state has; each has a foreground and a soft ground in both themes. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet' | 'note'

interface Look {
  readonly tone: Tone
  readonly glyph: string
  readonly label?: string
}

const look = (tone: Tone, glyph: string, label?: string): Look => ({
  tone,
  glyph,
  ...(label !== undefined && { label }),
})

/** Every state and verdict of cells, claims, runs, repairs and events: the one place of both. */
const LOOKS: Readonly<Record<string, Look>> = {
  // Cells and claims.
  missing: look('warn', 'ring'),
  claimed: look('busy', 'half'),
  done: look('good', 'check'),
  failed: look('bad', 'cross'),
  exhausted: look('bad', 'stop'),
  cancelled: look('quiet', 'slash'),
  skipped: look('good', 'skip'),
  duplicate: look('note', 'double'),
  extra: look('note', 'plus'),
  // Verdicts and events.
  created: look('good', 'check'),
  replaced: look('busy', 'swap'),
  allowed: look('note', 'plus'),
  collided: look('note', 'double'),
  invalid: look('bad', 'bang'),
  in_flight: look('busy', 'half', 'in flight'),
  taken_over: look('warn', 'hand', 'taken over'),
  // Runs.
  running: look('busy', 'half'),
  stopped: look('quiet', 'stop'),
  crashed: look('bad', 'bolt'),
  // Repairs.
  planned: look('quiet', 'ring'),
  applying: look('busy', 'half'),
  applied: look('good', 'check'),
  undone: look('quiet', 'back'),
  // External calls.
  asked: look('busy', 'half'),
  answered: look('good', 'check'),
  withdrawn: look('quiet', 'back'),
  needs_reconcile: look('warn', 'bang', 'needs a look'),
  // Guards.
  enforced: look('good', 'check'),
  'not enforced': look('warn', 'ring'),
  error: look('bad', 'bang'),
  waiting: look('quiet', 'clock'),
}

const UNKNOWN = look('quiet', 'dot')

/** How a state looks. One that is not known is quiet, and says its name. */
export const lookOf = (state: string): Look => LOOKS[state] ?? UNKNOWN

/** The words of a state. */
export const labelOf = (state: string): string => LOOKS[state]?.label ?? state.replaceAll('_', ' ')

/** The sign of a state alone, for where its words stand beside it. */
export function Glyph({ name, tone }: { readonly name: string; readonly tone?: Tone }) {
  return <i class={`glyph g-${name}${tone ? ` ink-${tone}` : ''}`} aria-hidden="true" />
}

/** A state by sign, words and colour; with `count` before the words. */
export function State({
  name,
  count,
  label = labelOf(name),
  quiet,
}: {
  readonly name: string
  readonly count?: number | string
  /** Other words than its own, such as what it would mean in a preview. */
  readonly label?: string | undefined
  /** Without the ground, for dense tables. */
  readonly quiet?: boolean
}) {
  const { tone, glyph } = lookOf(name)
  return (
    <span class={`state ink-${tone}${quiet ? '' : ` ground-${tone}`}`}>
      <Glyph name={glyph} />
      {count !== undefined && <b>{count}</b>}
      <span>{label}</span>
    </span>
  )
}
