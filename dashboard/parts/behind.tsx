import type { LivePages } from './live-pages.ts'

/** Says that a held list is behind, and brings it up to date. */
export function Behind<Item>({ pages }: { readonly pages: LivePages<Item> }) {
  const { behind, catchUp } = pages
  return (
    <p class="behind" role="status">
      {behind > 0 && (
        <button type="button" onClick={catchUp}>
          {behind === 1 ? '1 change' : `${behind.toLocaleString()} changes`} since: show
        </button>
      )}
    </p>
  )
}
