import type { RowValues } from '../../src/index.ts'
import { href } from '../route.ts'

/** A value of a key or a row as text; NULL is said. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The address of the page of one key. Parts stand in the query as `part.NAME`. */
export function keyHref(guard: string, key: RowValues): string {
  const parts = Object.entries(key).map(([part, value]) => [`part.${part}`, inAddress(value)])
  return href(['guards', guard, 'key'], Object.fromEntries(parts))
}

// An empty text and NULL would be lost in an address.
const inAddress = (value: unknown): string =>
  typeof value === 'string' && value !== '' && !/^["{[]|^null$/.test(value)
    ? value
    : JSON.stringify(value ?? null)

/** The key that `keyHref` put into a query. */
export function keyOfQuery(query: Readonly<Record<string, string>>): RowValues {
  const parts = Object.entries(query).flatMap(([name, text]) =>
    name.startsWith('part.') ? [[name.slice(5), ofAddress(text)]] : [],
  )
  return Object.fromEntries(parts)
}

function ofAddress(text: string): unknown {
  if (!/^["{[]|^null$/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A key, part by part; a link to its page where `guard` is given. */
export function KeyText({
  values,
  guard,
}: {
  readonly values: RowValues
  readonly guard?: string
}) {
  const parts = Object.entries(values).map(([part, value]) => (
    <span key={part} class="part">
      <b>{part}</b> {valueText(value)}
    </span>
  ))
  if (guard === undefined) return <span class="key">{parts}</span>
  return (
    <a class="key" href={keyHref(guard, values)}>
      {parts}
    </a>
  )
}
