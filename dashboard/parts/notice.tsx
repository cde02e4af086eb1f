import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api.ts'
import type { Resource } from '../resource.ts'
import { sessionError } from '../session.ts'
import { plainly } from './plainly.ts'
import { Prose } from './prose.tsx'
import { Glyph } from './state.tsx'

/** What stands where there is nothing: a title, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class="notice">
      <Glyph name="ring" tone="quiet" />
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </div>
  )
}

/** An error: what happened, why, what to do, its code; an outage says that it is tried again. */
export function Failure({
  error: told,
  retry,
}: {
  readonly error: ApiError
  readonly retry?: () => void
}) {
  const error = plainly(told)
  return (
    <div class="notice ground-bad" role="alert">
      <Glyph name={error.isOutage ? 'bolt' : 'bang'} tone="bad" />
      <div>
        <h2>{sentence(error.title)}</h2>
        {error.message !== error.title && (
          <p>
            <Prose text={error.message} />
          </p>
        )}
        {error.fix && (
          <p class="fix">
            <Prose text={error.fix} />
          </p>
        )}
        <p class="soft">
          <code>{error.code}</code>
          {error.isOutage && ' · This page asks again every few seconds and goes on by itself.'}
        </p>
        {retry && (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  )
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Lines that stand for what is still on its way; seen only after a moment. */
export function Loading({ lines = 6 }: { readonly lines?: number }) {
  return (
    <div class="loading" role="status">
      <span class="hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton" />
      ))}
    </div>
  )
}

/** Whether an error is an outage of everything, which is told once, at the top of the page. */
export const isToldAbove = (error: ApiError): boolean =>
  error.isOutage && sessionError.value?.isOutage === true

/**
 * Shows a resource: lines while it loads, its error, and `children(data)` once it is there. Data
 * that came before an error stays, below the error.
 */
export function Shown<T>({
  of,
  children,
}: {
  readonly of: Resource<T>
  readonly children: (data: T) => ComponentChildren
}) {
  return (
    <>
      {of.error && !isToldAbove(of.error) && <Failure error={of.error} retry={of.reload} />}
      {of.data === undefined && !of.error && <Loading />}
      {of.data !== undefined && (
        <div class={of.stale || of.error ? 'stale' : undefined} aria-busy={of.stale}>
          {children(of.data)}
        </div>
      )}
    </>
  )
}
