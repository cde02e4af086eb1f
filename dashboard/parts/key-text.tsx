import type { RowValues } from '../../src/index.ts'
import { href } from '../route.ts'

/** A value of a key or a row as text; NULL is said. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The parts of a key as a query: a text each, a set as JSON; NULL is left out. */
export function keyQuery(key: RowValues): string {
  const given = Object.entries(key).flatMap(([part, value]) =>
    value === null || value === undefined
      ? []
      : [[`part.${part}`, typeof value === 'object' ? JSON.stringify(value) : String(value)]],
  )
  return new URLSearchParams(given).toString()
}

/** The address of the page of one key. */
export const keyHref = (guard: string, key: RowValues): string =>
  `${href(['guards', guard, 'key'])}?${keyQuery(key)}`

/** The parts of a key that `keyHref` put into a query. */
export function keyOfQuery(query: Readonly<Record<string, string>>): RowValues {
  const parts = Object.entries(query).filter(([name]) => name.startsWith('part.'))
  return Object.fromEntries(parts.map(([name, text]) => [name.slice(5), text]))
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
