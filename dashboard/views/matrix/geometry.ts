import { useEffect, useState } from 'preact/hooks'
import { areDays, headOf } from './period.ts'
import type { Place } from './selection.ts'

/** The measures of the grid, in pixels. */
export interface Geometry {
  readonly name: number
  readonly column: number
  readonly row: number
  readonly head: number
}

/** What of the grid is in sight. */
export interface Sight {
  readonly top: number
  readonly left: number
  readonly width: number
  readonly height: number
}

/** A length for a style. */
export const px = (length: number): string => `${length}px`

const isCoarse = matchMedia('(pointer: coarse)')
const AROUND = 4
const LETTER = 7.4

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value))

// A name has what it needs, and at most a part of the width: the periods are what is looked at.
const nameWidth = (letters: number, width: number): number =>
  width < 560
    ? clamp(letters * LETTER + 24, 124, width * 0.45)
    : clamp(letters * LETTER + 30, 208, Math.max(208, width * 0.32))

/**
 * The measures that suit the periods and the width: columns share what is left beside names.
 *
 * @param letters of the longest name
 */
export function geometryOf(periods: readonly string[], width: number, letters: number): Geometry {
  const days = areDays(periods)
  const longest = Math.max(0, ...periods.map((period) => headOf(period).length))
  const least = days ? (isCoarse.matches ? 34 : 26) : clamp(longest * LETTER + 18, 44, 120)
  const most = days ? 56 : 160
  const name = Math.round(nameWidth(letters, width))
  const share = Math.floor((width - name - 1) / Math.max(1, periods.length))
  return {
    name,
    column: clamp(share, least, most),
    row: isCoarse.matches ? 38 : 30,
    head: days ? 66 : 50,
  }
}

/** From where to where something is in sight, with a few around it. */
export function inSight(
  start: number,
  length: number,
  size: number,
  count: number,
): readonly [first: number, last: number] {
  const first = Math.max(0, Math.floor(start / size) - AROUND)
  const last = Math.min(count - 1, Math.ceil((start + length) / size) + AROUND)
  return [first, last]
}

/** Places from `first` to `last`, and `also` where it is not among them: it may have the focus. */
export function placesOf(
  [first, last]: readonly [number, number],
  also: number,
  count: number,
): readonly number[] {
  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place)
  if (also >= 0 && also < first) return [also, ...places]
  return also > last && also < count ? [...places, also] : places
}

/** What of a scrolled element is in sight, as it changes. */
export function useSight(element: { readonly current: HTMLElement | null }): Sight {
  const [sight, setSight] = useState<Sight>({ top: 0, left: 0, width: 0, height: 0 })
  useEffect(() => {
    const box = element.current
    if (!box) return
    const look = () =>
      setSight({
        top: box.scrollTop,
        left: box.scrollLeft,
        width: box.clientWidth,
        height: box.clientHeight,
      })
    look()
    const sizes = new ResizeObserver(look)
    sizes.observe(box)
    box.addEventListener('scroll', look, { passive: true })
    return () => {
      sizes.disconnect()
      box.removeEventListener('scroll', look)
    }
  }, [element])
  return sight
}

const EDGE = 28
const EDGE_STEP = 18

/** Scrolls on where a place is at the edge of the grid; false where it is not, or at the end. */
export function scrollAtEdge(
  box: HTMLElement,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): boolean {
  const { left, right, top, bottom } = box.getBoundingClientRect()
  const towards = (value: number, low: number, high: number): number =>
    value > high - EDGE ? EDGE_STEP : value < low + EDGE ? -EDGE_STEP : 0
  const { scrollLeft, scrollTop } = box
  box.scrollBy(towards(clientX, left, right), towards(clientY, top, bottom))
  return box.scrollLeft !== scrollLeft || box.scrollTop !== scrollTop
}

/** Scrolls so that a place stands clear of the head and of the names. */
export function reveal(box: HTMLElement, { row, column }: Place, measures: Geometry): void {
  const top = row * measures.row
  const roomBelow = box.clientHeight - measures.head - measures.row
  if (top < box.scrollTop) box.scrollTop = top
  else if (top > box.scrollTop + roomBelow) box.scrollTop = top - roomBelow
  if (column < 0) return
  const left = column * measures.column
  const roomBeside = box.clientWidth - measures.name - measures.column
  if (left < box.scrollLeft) box.scrollLeft = left
  else if (left > box.scrollLeft + roomBeside) box.scrollLeft = left - roomBeside
}
