import { useEffect, useState } from 'preact/hooks'
import type { DuplicatePage } from '../../../src/index.ts'
import { type ApiError, asApiError, get } from '../../api.ts'
import type { Change } from '../../contract.ts'
import { Failure } from '../../parts/notice.tsx'
import { useResource } from '../../resource.ts'

/** The pages of duplicate groups that were read, and how to read one more. */
export interface FoundGroups {
  readonly pages: readonly DuplicatePage[]
  readonly error: ApiError | undefined
  readonly retry: () => void
  readonly more: (() => Promise<void>) | undefined
  readonly loading: boolean
}

/** Reads duplicate groups page by page; a change that concerns them begins again. */
export function useGroups(path: string, concerns: (change: Change) => boolean): FoundGroups {
  const first = useResource<DuplicatePage>(path, concerns)
  const [rest, setRest] = useState<readonly DuplicatePage[]>([])
  const [loading, setLoading] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  // What came after an old first page does not follow the new one.
  useEffect(() => setRest([]), [first.data])
  const pages = first.data ? [first.data, ...rest] : []
  const next = pages.at(-1)?.next ?? null
  const more = async () => {
    setLoading(true)
    setError(undefined)
    try {
      const page = await get<DuplicatePage>(`${path}&cursor=${encodeURIComponent(next ?? '')}`)
      setRest((last) => [...last, page])
    } catch (failure) {
      setError(asApiError(failure))
    } finally {
      setLoading(false)
    }
  }
  return {
    pages,
    error: first.error ?? error,
    retry: first.reload,
    more: next === null ? undefined : more,
    loading,
  }
}

/** The end of the groups: how many are shown, and the button for more. */
export function GroupPages({ found }: { readonly found: FoundGroups }) {
  const { pages, error, retry, more, loading } = found
  const shown = pages.reduce((sum, { groups }) => sum + groups.length, 0)
  return (
    <>
      {error && <Failure error={error} retry={retry} />}
      {shown > 0 && (
        <div class="pager">
          <span class="soft">
            {shown.toLocaleString()} {shown === 1 ? 'key' : 'keys'}
            {more ? ' so far' : ''}
          </span>
          {more && (
            <button type="button" onClick={more} disabled={loading}>
              {loading ? 'Loading' : 'Show more'}
            </button>
          )}
        </div>
      )}
    </>
  )
}
