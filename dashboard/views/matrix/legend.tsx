import type { CellState, MatrixPage } from '../../contract.ts'
import { Glyph, labelOf, lookOf } from '../../parts/state.tsx'
import { CELL_STATES } from './cell-state.ts'

/**
 * What the signs mean, how many cells there are of each, and a filter: entities that have a cell in
 * one of the chosen states.
 */
export function Legend({
  totals,
  chosen,
  onChoose,
}: {
  readonly totals: MatrixPage['totals']
  readonly chosen: readonly CellState[]
  readonly onChoose: (states: readonly CellState[]) => void
}) {
  const shown = CELL_STATES.filter((state) => (totals[state] ?? 0) > 0 || chosen.includes(state))
  return (
    <fieldset class="legend">
      <legend class="hidden">Show only entities with a cell that is</legend>
      {shown.map((state) => {
        const on = chosen.includes(state)
        const next = on ? chosen.filter((each) => each !== state) : [...chosen, state]
        const { tone, glyph } = lookOf(state)
        return (
          <button
            key={state}
            type="button"
            class={`legend-state ink-${tone}`}
            aria-pressed={on}
            title={`Only entities with a cell that is ${state}`}
            onClick={() => onChoose(next)}
          >
            <Glyph name={glyph} />
            <b>{(totals[state] ?? 0).toLocaleString()}</b> {labelOf(state)}
          </button>
        )
      })}
    </fieldset>
  )
}
