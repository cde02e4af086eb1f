import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { MatrixPage, MatrixRow } from '../../contract.ts'
import { nameOf } from './cell-state.ts'
import { geometryOf, inSight, placesOf, px, reveal, useSight } from './geometry.ts'
import { GridHead } from './grid-head.tsx'
import { GridRow } from './grid-row.tsx'
import { moved } from './keys.ts'
import { usePointer } from './pointer.ts'
import {
  everything,
  extend,
  NOTHING,
  type Picked,
  type Place,
  release,
  toggle,
} from './selection.ts'

/** What the grid shows, and whom it tells. */
export interface GridProps {
  readonly guard: string
  readonly page: MatrixPage
  readonly rows: readonly MatrixRow[]
  readonly picked: Picked
  readonly onPick: (picked: Picked) => void
  /** A cell was opened, by Enter or a double click. */
  readonly onOpen: (row: MatrixRow, period: string) => void
  /** Rows up to this place are about to be seen. */
  readonly need: (place: number) => void
}

const longestName = (rows: readonly (MatrixRow | undefined)[]): number =>
  rows.reduce((most, row) => Math.max(most, row ? nameOf(row).length : 0), 0)

/**
 * The matrix as a grid: only what is in sight is in the document. Arrows, Home, End and the page
 * keys move, with Shift they select; Space takes a cell in or out, Ctrl-A selects all, Escape
 * nothing, Enter opens.
 */
export function Grid(props: GridProps) {
  const { guard, page, rows, picked, need } = props
  const box = useRef<HTMLDivElement>(null)
  const sight = useSight(box)
  const [active, setActive] = useState<Place>({ row: 0, column: 0 })
  const { periods, entities } = page
  const letters = useMemo(() => longestName(rows), [rows])
  const measures = geometryOf(periods, sight.width, letters)
  const here = {
    row: Math.min(active.row, Math.max(0, entities - 1)),
    column: Math.min(active.column, periods.length - 1),
  }
  const lines = inSight(sight.top, sight.height, measures.row, entities)
  const columns = placesOf(
    inSight(sight.left, sight.width, measures.column, periods.length),
    here.column,
    periods.length,
  )
  useEffect(() => need(lines[1]), [need, lines[1]])
  const focus = useFocus(box, here)
  useNewestInSight(box, sight.width)
  const move = (place: Place) => {
    setActive(place)
    if (box.current) reveal(box.current, place, measures)
    focus()
  }
  const pageRows = Math.max(1, Math.floor((sight.height - measures.head) / measures.row) - 1)
  const extent = { rows: entities, columns: periods.length, pageRows }
  return (
    <div
      ref={box}
      class="matrix"
      role="grid"
      aria-label={`${page.entity} by ${page.period}`}
      aria-rowcount={entities + 1}
      aria-colcount={periods.length + 1}
      aria-multiselectable="true"
      onKeyDown={(event) => takeKey(event, props, here, extent, move)}
      {...usePointer(box, props, here, setActive)}
    >
      <div
        class="matrix-canvas"
        role="rowgroup"
        style={{
          width: px(measures.name + periods.length * measures.column),
          height: px(measures.head + entities * measures.row),
        }}
      >
        <GridHead
          {...{ page, columns, measures }}
          first={Math.ceil(sight.left / measures.column)}
        />
        {placesOf(lines, here.row, entities).map((place) => (
          <GridRow
            key={place}
            {...{ guard, rows, place, periods, columns, measures, picked, active: here }}
          />
        ))}
      </div>
    </div>
  )
}

// What is asked about is mostly of late: the grid opens at its end.
function useNewestInSight(box: { readonly current: HTMLElement | null }, width: number) {
  const isMeasured = width > 0
  useEffect(() => {
    if (isMeasured && box.current) box.current.scrollLeft = box.current.scrollWidth
  }, [box, isMeasured])
}

// The cell that is to have the focus may be drawn only after the state has changed.
function useFocus(box: { readonly current: HTMLElement | null }, { row, column }: Place) {
  const wanted = useRef(false)
  useEffect(() => {
    if (!wanted.current) return
    const found = box.current?.querySelector(`[data-row="${row}"][data-column="${column}"]`)
    if (!(found instanceof HTMLElement)) return
    wanted.current = false
    found.focus({ preventScroll: true })
  })
  return () => {
    wanted.current = true
  }
}

function takeKey(
  event: KeyboardEvent,
  { page, rows, picked, onPick, onOpen }: GridProps,
  here: Place,
  extent: Parameters<typeof moved>[2],
  move: (place: Place) => void,
): void {
  const shown = { rows, periods: page.periods }
  const place = moved(event, here, extent)
  const command = event.ctrlKey || event.metaKey
  if (place) {
    move(place)
    if (event.shiftKey && place.column >= 0) onPick(extend(picked, place, here))
    else onPick(release(picked))
  } else if (event.key === ' ' && here.column >= 0) onPick(toggle(picked, shown, here))
  else if (event.key === 'Escape') onPick(NOTHING)
  else if (event.key.toLowerCase() === 'a' && command) onPick(everything([]))
  else if (event.key === 'Enter' && here.column >= 0) {
    const row = rows[here.row]
    if (row) onOpen(row, page.periods[here.column] ?? '')
  } else return
  event.preventDefault()
}
