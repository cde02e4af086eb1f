import { useEffect, useState } from 'preact/hooks'
import type { Change } from '../contract.ts'
import { onChange } from '../live.ts'
import { type Pages, usePages } from './pager.tsx'

/** A list by pages that knows how far it is behind. */
export interface LivePages<Item> extends Pages<Item> {
  /** Changes that came since the list was read and are not in it. */
  readonly behind: number
  /** Reads the list anew, from its first page. */
  readonly catchUp: () => void
}

/**
 * A list by pages that follows what happens as long as nobody holds it: neither by `held` nor by
 * having turned to a further page, which would go away under the reader. Then it only counts.
 *
 * @param path the address without a cursor
 * @param concerns which changes would show in the list
 */
export function useLivePages<Item>(
  path: string,
  concerns: (change: Change) => boolean,
  held = false,
): LivePages<Item> {
  const [grown, setGrown] = useState(false)
  const [behind, setBehind] = useState(0)
  const still = held || grown
  const pages = usePages<Item>(path, still ? undefined : concerns)
  const { first, items } = pages
  useEffect(() => setBehind(0), [first.data, path])
  const isGrown = items.length > (first.data?.items.length ?? 0)
  useEffect(() => setGrown(isGrown), [isGrown])
  useEffect(() => {
    if (!still) return
    return onChange((change) => {
      if (change.kind === 'reset' || concerns(change)) setBehind((count) => count + 1)
    })
  })
  return { ...pages, behind, catchUp: first.reload }
}
