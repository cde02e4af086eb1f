import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError, get } from './api.ts'
import type { Change } from './contract.ts'
import { onChange } from './live.ts'
import { loadSession, sessionError } from './session.ts'

/** Something fetched: what came, or why nothing did. */
export interface Resource<T> {
  /** The latest that came, also while more is asked for and after it failed. */
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
  /** True while `data` belongs to an address asked for before, such as other filters. */
  readonly stale: boolean
  /** Asks again now. */
  readonly reload: () => void
}

interface State<T> {
  readonly path: string | null
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
}

const QUIET_MS = 1000
const RETRY_MS = 4000

/**
 * Fetches an address and keeps it fresh: again when a live change concerns it, at most once a
 * second, and again every few seconds while the server or its database is away.
 *
 * @param path the address, or null to fetch nothing yet
 * @param concerns which changes make it stale; without it none does
 */
export function useResource<T>(
  path: string | null,
  concerns?: (change: Change) => boolean,
): Resource<T> {
  const [state, setState] = useState<State<T>>(() => empty(path))
  const [turn, setTurn] = useState(0)
  const reload = useCallback(() => setTurn((last) => last + 1), [])

  useEffect(() => {
    if (path === null) return
    const aborted = new AbortController()
    setState((last) => ({ ...last, loading: true }))
    get<T>(path, aborted.signal).then(
      (data) => {
        if (!aborted.signal.aborted) setState({ path, data, error: undefined, loading: false })
      },
      (error: unknown) => {
        if (aborted.signal.aborted) return
        const failure = asApiError(error)
        setState((last) => ({ ...last, error: failure, loading: false }))
        if (concernsAll(failure) && !sessionError.value) loadSession()
      },
    )
    return () => aborted.abort()
  }, [path, turn])

  useFreshness(concerns, reload)
  const outage = state.error?.isOutage === true && !state.loading
  useEffect(() => {
    if (!outage) return
    const timer = setTimeout(reload, RETRY_MS)
    return () => clearTimeout(timer)
  }, [outage, reload])

  const { data, error, loading } = state
  return { data, error, loading, stale: data !== undefined && state.path !== path, reload }
}

// An outage, or a token that no longer counts, is told once for the whole page.
const concernsAll = ({ isOutage, status }: ApiError): boolean => isOutage || status === 401

const empty = <T>(path: string | null): State<T> => ({
  path,
  data: undefined,
  error: undefined,
  loading: path !== null,
})

/** Calls `reload` when a change concerns it, at most once a second, the last one included. */
export function useFreshness(
  concerns: ((change: Change) => boolean) | undefined,
  reload: () => void,
): void {
  const latest = useRef(concerns)
  latest.current = concerns
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = onChange((change) => {
      const concerned = change.kind === 'reset' ? latest.current !== undefined : undefined
      if (!(concerned ?? latest.current?.(change)) || timer !== undefined) return
      timer = setTimeout(() => {
        timer = undefined
        reload()
      }, QUIET_MS)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [reload])
}

/** Changes of one guard; for `useResource`. */
export const ofGuard =
  (guard: string | undefined) =>
  (change: Change): boolean =>
    guard === undefined || change.guard === guard
