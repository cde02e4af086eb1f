import { signal } from '@preact/signals'

const now = signal(Date.now())
setInterval(() => {
  now.value = Date.now()
}, 10_000)

// The signal has views drawn again now and then; in between, what is new must not lie ahead.
const present = (): number => Math.max(now.value, Date.now())

const STEPS = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86_400, 3600, 'hour'],
  [2_592_000, 86_400, 'day'],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

// A date from 30 days on.
function ago(at: string, from = present()): string {
  const seconds = Math.round((Date.parse(at) - from) / 1000)
  const step = STEPS.find(([below]) => Math.abs(seconds) < below)
  if (!step) return day.format(new Date(at))
  if (Math.abs(seconds) < 5) return 'just now'
  return relative.format(Math.round(seconds / step[1]), step[2])
}

/** A moment as how long ago it was, with the exact moment on hovering. */
export function Time({ at }: { readonly at: string | null | undefined }) {
  if (!at) return <span class="soft">–</span>
  return (
    <time dateTime={at} title={`${exact.format(new Date(at))} (${at})`}>
      {ago(at)}
    </time>
  )
}

/** A moment as date and time of this device, for timelines. */
export const exactly = (at: string): string => exact.format(new Date(at))

/** A length of time: `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function lasting(from: string, to: string | null | undefined): string {
  const ms = Math.max(0, (to ? Date.parse(to) : present()) - Date.parse(from))
  if (ms < 1000) return `${ms} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
