import type { Losers } from '../../src/index.ts'
import { valueText } from './key-text.tsx'

/** What becomes of losers: `deleted`, or `set to status = PAUSED`. */
export function fateOf(losers: Losers): string {
  if (losers === 'delete') return 'deleted'
  const sets = Object.entries(losers.set).map(([name, value]) => `${name} = ${valueText(value)}`)
  return `set to ${sets.join(', ')}`
}
