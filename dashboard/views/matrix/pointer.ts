import { useEffect, useRef } from 'preact/hooks'
import type { MatrixRow } from '../../contract.ts'
import { scrollAtEdge } from './geometry.ts'
import { begin, extend, type Picked, type Place, toggle } from './selection.ts'

const EDGE_MS = 40

interface Drawn {
  readonly page: { readonly periods: readonly string[] }
  readonly rows: readonly MatrixRow[]
  readonly picked: Picked
  readonly onPick: (picked: Picked) => void
  readonly onOpen: (row: MatrixRow, period: string) => void
}

const placeOf = (target: EventTarget | null): Place | undefined => {
  const cell = target instanceof Element ? target.closest('[role="gridcell"]') : null
  if (!(cell instanceof HTMLElement)) return undefined
  return { row: Number(cell.dataset.row), column: Number(cell.dataset.column) }
}

/**
 * What a grid does under a pointer: a mouse draws a rectangle, and goes on past the edge; a finger
 * scrolls, and takes cells in and out by touching them; a double click opens.
 */
export function usePointer(
  box: { readonly current: HTMLElement | null },
  drawn: Drawn,
  here: Place,
  setActive: (place: Place) => void,
) {
  const { page, rows, picked, onPick, onOpen } = drawn
  const shown = { rows, periods: page.periods }
  const mouse = useMouse(box, drawn)
  return {
    onPointerDown: (event: PointerEvent) => {
      const place = placeOf(event.target)
      if (!place || event.pointerType !== 'mouse' || event.button !== 0) return
      mouse.current = event
      setActive(place)
      const add = event.ctrlKey || event.metaKey
      onPick(event.shiftKey ? extend(picked, place, here) : begin(picked, shown, place, add))
    },
    onPointerMove: (event: PointerEvent) => {
      if (!mouse.current) return
      mouse.current = event
      const place = placeOf(event.target)
      if (place) onPick(extend(picked, place, place))
    },
    onClick: (event: MouseEvent) => {
      const place = placeOf(event.target)
      const finger = event instanceof PointerEvent && event.pointerType !== 'mouse'
      if (!place || !finger) return
      setActive(place)
      onPick(toggle(picked, shown, place))
    },
    onDblClick: (event: MouseEvent) => {
      const place = placeOf(event.target)
      const row = place && rows[place.row]
      if (row) onOpen(row, page.periods[place.column] ?? '')
    },
  }
}

// Where the mouse is while it draws; held at the edge it scrolls the grid, and draws on.
function useMouse(box: { readonly current: HTMLElement | null }, drawn: Drawn) {
  const mouse = useRef<PointerEvent | undefined>(undefined)
  const latest = useRef(drawn)
  latest.current = drawn
  useEffect(() => {
    const stop = () => {
      mouse.current = undefined
    }
    const timer = setInterval(() => {
      const { current: at } = mouse
      if (!at || !box.current || !scrollAtEdge(box.current, at)) return
      const place = placeOf(document.elementFromPoint(at.clientX, at.clientY))
      if (place) latest.current.onPick(extend(latest.current.picked, place, place))
    }, EDGE_MS)
    addEventListener('pointerup', stop)
    addEventListener('pointercancel', stop)
    return () => {
      clearInterval(timer)
      removeEventListener('pointerup', stop)
      removeEventListener('pointercancel', stop)
    }
  }, [box])
  return mouse
}
