import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { theme } from '../theme.ts'

/** What a chart shows: a value for each place of an axis without gaps. */
export interface ChartSeries {
  /** What each place is called: `22 Oct, 11:00`. */
  readonly names: readonly string[]
  readonly values: readonly number[]
  /** Bars of each by itself, or a line of what has added up. */
  readonly as: 'bars' | 'line'
  /** What a value counts, in the plural: `excess rows`. */
  readonly noun: string
}

const HEIGHT = 190
const LABEL_WIDTH = 96
const FONT = '12px system-ui, sans-serif'

/**
 * A chart on a canvas, in the colours of the theme. It is a picture with a name: whoever cannot see
 * it needs a table of the same beside it.
 */
export function Chart({ series, label }: { readonly series: ChartSeries; readonly label: string }) {
  const [at, setAt] = useState<number | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const dark = useDark()
  const { names, values, noun } = series
  // Its colours are read once it is drawn: another theme is another drawing.
  useEffect(() => {
    const place = box.current
    return place ? draw(place, series, setAt) : undefined
  }, [series, dark, theme.value])
  const value = at === null ? undefined : values[at]
  return (
    <figure class="chart">
      <div ref={box} role="img" aria-label={label} />
      <figcaption aria-hidden="true">
        {value === undefined ? (
          <span class="soft">Point at the chart for figures; times are in UTC.</span>
        ) : (
          <>
            <b>{value.toLocaleString()}</b> {noun} <span class="soft">{names[at ?? 0]} UTC</span>
          </>
        )}
      </figcaption>
    </figure>
  )
}

const darkDevice = matchMedia('(prefers-color-scheme: dark)')

function useDark(): boolean {
  const [dark, setDark] = useState(darkDevice.matches)
  useEffect(() => {
    const look = () => setDark(darkDevice.matches)
    darkDevice.addEventListener('change', look)
    return () => darkDevice.removeEventListener('change', look)
  }, [])
  return dark
}

/** Draws into a box as wide as it is, until what is returned is called. */
function draw(
  place: HTMLElement,
  series: ChartSeries,
  onPoint: (at: number | null) => void,
): () => void {
  let plot: uPlot | undefined
  let gone = false
  const fit = () => plot?.setSize({ width: place.clientWidth, height: HEIGHT })
  const watcher = new ResizeObserver(fit)
  import('uplot').then(({ default: Plot }) => {
    if (gone) return
    const { values } = series
    const data: uPlot.AlignedData = [values.map((_, at) => at), [...values]]
    plot = new Plot(optionsOf(Plot, place, series, onPoint), data, place)
    watcher.observe(place)
  })
  return () => {
    gone = true
    watcher.disconnect()
    plot?.destroy()
    onPoint(null)
  }
}

function optionsOf(
  Plot: typeof uPlot,
  place: HTMLElement,
  { names, values, as }: ChartSeries,
  onPoint: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const [ink, soft, line] = [colour('--note'), colour('--soft'), colour('--line')]
  const axis = { stroke: soft, font: FONT, ticks: { show: false } }
  const bars = Plot.paths.bars?.({ size: [0.72, 56], radius: 0.08 })
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: as === 'line' } },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: () => [-0.6, values.length - 0.4] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.06)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        gap: 4,
        grid: { show: false },
        splits: ({ width }) => splits(values.length, width),
        values: (_, places) => places.map((at) => names[at] ?? ''),
      },
      {
        ...axis,
        size: 52,
        grid: { stroke: line, width: 1 },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
        values: (_, values) => values.map((value) => value.toLocaleString()),
      },
    ],
    series: [
      {},
      as === 'bars'
        ? { fill: ink, ...(bars && { paths: bars }), points: { show: false } }
        : { stroke: ink, width: 2, fill: `${ink}22`, points: { show: values.length < 40 } },
    ],
  }
}

// As many names as have room side by side.
function splits(places: number, width: number): number[] {
  const step = Math.max(1, Math.ceil(places / Math.max(1, Math.floor(width / LABEL_WIDTH))))
  return Array.from({ length: Math.ceil(places / step) }, (_, at) => at * step)
}
