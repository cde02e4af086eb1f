import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { asApiError } from '../api.ts'
import { Glyph, lookOf } from './state.tsx'

interface Toast {
  readonly id: number
  readonly state: string
  readonly text: ComponentChildren
}

const SHOWN_MS = 8000
const toasts = signal<readonly Toast[]>([])
let lastId = 0

const drop = (id: number) => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

/** Says that something happened, under a state such as `done` or `failed`, and reads it aloud. */
export function say(text: ComponentChildren, state = 'done'): void {
  const id = ++lastId
  toasts.value = [...toasts.value.slice(-3), { id, state, text }]
  setTimeout(() => drop(id), SHOWN_MS)
}

/** Says that something failed, with what to do. */
export function sayError(error: unknown): void {
  const { message, fix, code } = asApiError(error)
  say(
    <>
      {message} {fix} <code>{code}</code>
    </>,
    'failed',
  )
}

/** Where toasts are shown; once in the page. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, state, text }) => (
        <div key={id} class="toast">
          <Glyph name={lookOf(state).glyph} tone={lookOf(state).tone} />
          <div>{text}</div>
          <button type="button" class="plain" onClick={() => drop(id)} aria-label="Dismiss">
            <i class="glyph g-cross" aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  )
}
