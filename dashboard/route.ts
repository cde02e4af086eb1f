import { computed, signal } from '@preact/signals'
import { takeToken } from './token.ts'

/** Where the page is: the parts of the path after `#/`, decoded, and what stands after `?`. */
export interface Route {
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** What a query may be given: what is empty, undefined or false leaves the address. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

takeToken()
const current = signal<Route>(read())
addEventListener('hashchange', () => {
  takeToken()
  current.value = read()
})

/** Where the page is; changes with every link, `go`, and with back and forward. */
export const route = computed(() => current.value)

/** The address of a place in the page: `href(['guards', 'reports', 'matrix'], { q: 'Ada' })`. */
export function href(path: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' || value === false ? [] : [[name, String(value)]],
  )
  const search = new URLSearchParams(given).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`
}

/** Goes to a place; `replace` leaves no step to go back to. */
export function go(path: readonly string[], query: Query = {}, replace = false): void {
  const address = href(path, query)
  if (address === location.hash) return
  if (!replace) {
    location.hash = address
    return
  }
  history.replaceState(null, '', address)
  current.value = read()
}

/** Changes some of the query and stays in the view: how filters are kept in the address. */
export function setQuery(change: Query, replace = true): void {
  const { path, query } = current.value
  go(path, { ...query, ...change }, replace)
}
