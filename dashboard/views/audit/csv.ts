import type { RowValues, StoredEvent } from '../../../src/index.ts'
import { valueText } from '../../parts/key-text.tsx'

const HEADINGS = ['at', 'guard', 'verdict', 'key', 'existing', 'reason', 'actor', 'run'] as const

/** Events as CSV (RFC 4180), a line for each key. */
export function csvOf(events: readonly StoredEvent[]): string {
  const lines = events.flatMap(({ at, guard, verdict, keys, existing, reason, actor, run }) =>
    keys.map((key, place) => [
      ...[at, guard, verdict, valuesText(key), valuesText(existing?.[place] ?? null)],
      ...[reason ?? '', actor ?? '', run],
    ]),
  )
  return [HEADINGS, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}

const valuesText = (values: RowValues | null): string =>
  Object.entries(values ?? {})
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join('; ')

/**
 * A cell in quotes. A text that a spreadsheet would take for a formula gets an apostrophe before
 * it. Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
function cell(text: string): string {
  const safe = /^\s*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

/** Hands a text to the visitor as a file. */
export function download(name: string, text: string): void {
  // With a mark, or a spreadsheet takes it for another encoding.
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
