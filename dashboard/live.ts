import { computed, effect, signal, untracked } from '@preact/signals'
import { problemOf, send } from './api.ts'
import type { Change } from './contract.ts'

/** How the line to the server stands. */
export type LineState = 'on' | 'connecting' | 'off' | 'paused'

const LONGEST_WAIT_MS = 30_000

const wanted = signal(true)
const visible = signal(!document.hidden)
const line = signal<'on' | 'connecting' | 'off'>('connecting')
const listeners = new Set<(change: Change) => void>()
let lastId: string | undefined

document.addEventListener('visibilitychange', () => {
  visible.value = !document.hidden
})

/** How the line stands; `paused` by the switch of the page. */
export const liveState = computed<LineState>(() => (wanted.value ? line.value : 'paused'))

/** Turns the updates off, or on again: what was missed is fetched then. */
export function toggleLive(): void {
  wanted.value = !wanted.value
}

/** Hears every change until the function that it returns is called. */
export function onChange(listener: (change: Change) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Tells everyone on the page of a change, such as one that the page itself made. */
export function tell(change: Change): void {
  for (const listener of [...listeners]) listener(change)
}

/** Keeps the line open while the page is seen and nobody paused it. */
export function startLive(): void {
  let closed = new AbortController()
  let first = true
  effect(() => {
    closed.abort()
    if (!wanted.value || !visible.value) return
    closed = new AbortController()
    const { signal } = closed
    // A line that never had a message has nothing to resume from.
    if (!first && lastId === undefined) untracked(() => tell({ kind: 'reset' }))
    first = false
    keepOpen(signal)
  })
}

async function keepOpen(signal: AbortSignal): Promise<void> {
  let waitMs = 1000
  while (!signal.aborted) {
    try {
      line.value = 'connecting'
      await listen(signal, () => {
        line.value = 'on'
        waitMs = 1000
      })
    } catch {
      // Whatever it was, the next try tells.
    }
    if (signal.aborted) return
    line.value = 'off'
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.75 + Math.random() / 2)))
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}

async function listen(signal: AbortSignal, opened: () => void): Promise<void> {
  const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) }
  const response = await send('api/live', { headers, signal })
  if (!response.ok || response.body === null) throw problemOf(response, undefined)
  opened()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const messages = (rest + value).replace(/\r\n?/g, '\n').split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) take(message)
  }
}

function take(message: string): void {
  const data: string[] = []
  let name = 'message'
  for (const text of message.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(text) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') name = value
    if (field === 'id') lastId = value
  }
  if (name === 'reset') tell({ kind: 'reset' })
  else if (name === 'change' && data.length > 0) hear(JSON.parse(data.join('\n')))
}

function hear(change: Change): void {
  tell(change)
  // While the database was away nothing was told of.
  if (change.kind === 'database' && change.state === 'ready') tell({ kind: 'reset' })
}
