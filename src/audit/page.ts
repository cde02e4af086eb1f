import { cursorOf, type Page } from '../core/page.ts'
import type { Session } from '../postgres/session.ts'
import { type PageSearch, selectPage } from './page/queries.ts'

interface PageRow {
  readonly item: string | null
  readonly place: string | null
  readonly searched: string | null
}

interface Searched {
  readonly more: boolean
  readonly last: readonly string[]
}

/** How many rows of a list a page looks at where a filter has no index. */
export const LOOK = 500

/**
 * Where a look at a list begins, how many are wanted, and how many rows it may go through for them
 * where a filter has no index: without a number through all, however long that takes.
 */
export interface Looking {
  readonly after: string | undefined
  readonly limit: number
  readonly look?: number
}

/** An item of a list with its place in it. */
export type Listed<Item> = Item & {
  /** Where it stands in its list: as `after`, what comes next is read. */
  readonly cursor: string
}

/**
 * Reads a page of a list.
 *
 * @param list the word for one of its items, in the singular
 */
export async function readPage<Stored, Item>(
  session: Session,
  list: string,
  search: PageSearch,
  asItem: (stored: Stored) => Item,
): Promise<Page<Listed<Item>>> {
  const rows = await session.query<PageRow>(selectPage(search))
  const found = rows.flatMap(({ item, place }) =>
    item === null || place === null
      ? []
      : [{ ...asItem(JSON.parse(item)), cursor: cursorOf(list, JSON.parse(place)) }],
  )
  const items = found.slice(0, search.limit)
  if (found.length > search.limit) {
    return { items, next: items.at(-1)?.cursor ?? null, searchedTo: null }
  }
  const searched: Searched | null = JSON.parse(rows[0]?.searched ?? 'null')
  if (!searched?.more) return { items, next: null, searchedTo: null }
  const [searchedTo = null] = searched.last
  return { items, next: cursorOf(list, searched.last), searchedTo }
}
