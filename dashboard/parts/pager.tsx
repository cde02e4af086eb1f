import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError, get } from '../api.ts'
import type { Change, Page } from '../contract.ts'
import { type Resource, useResource } from '../resource.ts'
import { Failure } from './notice.tsx'

/** A list that grows page by page. The first page is kept fresh. */
export interface Pages<Item> {
  readonly first: Resource<Page<Item>>
  readonly items: readonly Item[]
  readonly more: (() => void) | undefined
  readonly loadingMore: boolean
  readonly error: ApiError | undefined
}

interface Rest<Item> {
  readonly path: string
  readonly items: readonly Item[]
  readonly next: string | null
}

/**
 * Fetches a list by cursor: `usePages(apiPath(['runs'], { state }), ofGuard(guard))`.
 *
 * @param path the address without a cursor, or null to fetch nothing yet
 */
export function usePages<Item>(
  path: string | null,
  concerns?: (change: Change) => boolean,
): Pages<Item> {
  const first = useResource<Page<Item>>(path, concerns)
  const [rest, setRest] = useState<Rest<Item> | undefined>()
  const [loadingMore, setLoading] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  const wanted = useRef(path)
  wanted.current = path

  // What came after an old first page does not follow the new one.
  useEffect(() => {
    setRest(undefined)
    setError(undefined)
  }, [first.data])

  const next = rest ? rest.next : (first.data?.next ?? null)
  const more = useCallback(async () => {
    if (path === null || next === null) return
    setLoading(true)
    try {
      const page = await get<Page<Item>>(
        `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`,
      )
      if (wanted.current !== path) return
      setRest((last) => ({
        path,
        items: [...(last?.items ?? []), ...page.items],
        next: page.next,
      }))
    } catch (failure) {
      setError(asApiError(failure))
    } finally {
      setLoading(false)
    }
  }, [path, next])

  const items = [...(first.data?.items ?? []), ...(rest?.items ?? [])]
  return { first, items, more: next === null ? undefined : more, loadingMore, error }
}

/** The end of a list: how many are shown, and the button for more. */
export function Pager<Item>({
  pages,
  noun,
}: {
  readonly pages: Pages<Item>
  /** What the list holds, in the plural: `runs`. */
  readonly noun: string
}) {
  const { items, more, loadingMore, error } = pages
  if (items.length === 0) return null
  return (
    <div class="pager">
      {error && <Failure error={error} />}
      <span class="soft">
        {items.length.toLocaleString()} {items.length === 1 ? noun.replace(/s$/, '') : noun}
        {more ? ' so far' : ''}
      </span>
      {more && (
        <button type="button" onClick={more} disabled={loadingMore}>
          {loadingMore ? 'Loading' : 'Show more'}
        </button>
      )}
    </div>
  )
}
