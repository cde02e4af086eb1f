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
    onMouseDown: (event: MouseEvent) => {
      // Else the browser would scroll by itself as for a selection of text, against this one.
      const cell = event.target instanceof Element ? event.target.closest('.cell') : null
      if (!(cell instanceof HTMLElement)) return
      event.preventDefault()
      cell.focus({ preventScroll: true })
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
    const draw = ({ clientX, clientY }: PointerEvent) => {
      // The bar of the selection may lie over the cell.
      const [place] = document
        .elementsFromPoint(clientX, clientY)
        .flatMap((each) => placeOf(each) ?? [])
      const { picked, onPick } = latest.current
      if (place) onPick(extend(picked, place, place))
    }
    const move = (event: PointerEvent) => {
      if (!mouse.current) return
      mouse.current = event
      draw(event)
    }
    const timer = setInterval(() => {
      const { current: at } = mouse
      if (at && box.current && scrollAtEdge(box.current, at)) draw(at)
    }, EDGE_MS)
    const events = [
      ['pointermove', move],
      ['pointerup', stop],
      ['pointercancel', stop],
    ] as const
    for (const [name, listener] of events) addEventListener(name, listener)
    return () => {
      clearInterval(timer)
      for (const [name, listener] of events) removeEventListener(name, listener)
    }
  }, [box])
  return mouse
}
