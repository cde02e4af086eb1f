import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError, get } from '../../api.ts'
import type { MatrixPage, MatrixRow } from '../../contract.ts'
import { ofGuard, useFreshness } from '../../resource.ts'
import { loadSession, sessionError } from '../../session.ts'

const PAGE_ROWS = 200
const MOST_ROWS = 500
const RETRY_MS = 4000
const NEWER_MS = 1500

interface Loaded {
  readonly path: string
  /** What is the same on every page. */
  readonly page: MatrixPage
  readonly rows: readonly MatrixRow[]
  readonly next: string | null
}

/** The rows of a matrix that are here so far. */
export interface MatrixRows {
  readonly page: MatrixPage | undefined
  readonly rows: readonly MatrixRow[]
  readonly error: ApiError | undefined
  /** True while what is shown belongs to other filters. */
  readonly stale: boolean
  /** Fetches on until the row at this place is here. */
  readonly need: (place: number) => void
  readonly reload: () => void
}

const withCursor = (path: string, cursor: string | null, rows: number): string => {
  const limit = Math.min(MOST_ROWS, Math.max(PAGE_ROWS, rows))
  const paged = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`
  return cursor === null ? paged : `${paged}&cursor=${encodeURIComponent(cursor)}`
}

async function load(
  path: string,
  before: Loaded | undefined,
  atLeast: number,
  signal: AbortSignal,
): Promise<Loaded> {
  let loaded = before
  while (!loaded || (loaded.next !== null && loaded.rows.length < atLeast)) {
    const left = atLeast - (loaded?.rows.length ?? 0)
    const page: MatrixPage = await get(withCursor(path, loaded?.next ?? null, left), signal)
    loaded = {
      path,
      page: loaded?.page ?? page,
      rows: [...(loaded?.rows ?? []), ...page.rows],
      next: page.next,
    }
  }
  return loaded
}

// The pages of a matrix belong together: where it was made anew, its first page comes again.
const anew =
  (start: () => Promise<Loaded>) =>
  (error: unknown): Promise<Loaded> => {
    if (asApiError(error).code === 'SELECTION_GONE') return start()
    throw error
  }

/**
 * Fetches a matrix page by page as far as it is looked at, and again from the start when something
 * of its guard changed; what is shown stays until the new is complete.
 */
export function useMatrixRows(guard: string, path: string): MatrixRows {
  const [loaded, setLoaded] = useState<Loaded | undefined>()
  const [error, setError] = useState<ApiError | undefined>()
  const [turn, setTurn] = useState(0)
  const [asked, setAsked] = useState({ path, rows: PAGE_ROWS })
  const wanted = asked.path === path ? asked.rows : PAGE_ROWS
  const done = useRef(-1)
  const reload = useCallback(() => setTurn((last) => last + 1), [])
  const need = useCallback(
    (place: number) => {
      setAsked((last) => {
        const before = last.path === path ? last.rows : PAGE_ROWS
        return place < before && last.path === path
          ? last
          : { path, rows: Math.max(before, place + 1) }
      })
    },
    [path],
  )

  useEffect(() => {
    const aborted = new AbortController()
    const goesOn = loaded?.path === path && done.current === turn
    if (goesOn && (loaded.next === null || loaded.rows.length >= wanted)) return
    const start = () => load(path, undefined, wanted, aborted.signal)
    const loading = goesOn ? load(path, loaded, wanted, aborted.signal).catch(anew(start)) : start()
    loading.then(
      (next) => {
        if (aborted.signal.aborted) return
        done.current = turn
        setError(undefined)
        setLoaded(next)
      },
      (failure: unknown) => {
        if (aborted.signal.aborted) return
        const error = asApiError(failure)
        setError(error)
        if (error.isOutage && !sessionError.value) loadSession()
      },
    )
    return () => aborted.abort()
  }, [path, turn, wanted, loaded])

  useFreshness(ofGuard(guard), reload)
  const outdated = loaded?.page.stale === true
  useEffect(() => {
    if (!outdated) return
    const timer = setTimeout(reload, NEWER_MS)
    return () => clearTimeout(timer)
  }, [outdated, loaded, reload])
  useEffect(() => {
    if (!error?.isOutage) return
    const timer = setTimeout(reload, RETRY_MS)
    return () => clearTimeout(timer)
  }, [error, reload])

  return {
    page: loaded?.page,
    rows: loaded?.rows ?? [],
    error,
    stale: loaded !== undefined && loaded.path !== path,
    need,
    reload,
  }
}
