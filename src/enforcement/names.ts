import { createHash } from 'node:crypto'
import type { Guard } from '../guards/guard.ts'
import { NAME_BYTES } from '../postgres/identifier.ts'

const HASH_LENGTH = 8

// Whole characters only: half of one would be no text.
const cut = (name: string, bytes: number): string => {
  let kept = ''
  for (const char of name) {
    if (Buffer.byteLength(kept + char) > bytes) break
    kept += char
  }
  return kept
}

/** A name of two parts as PostgreSQL keeps it: a hash stands for what would be cut off. */
export function joinedName(first: string, second: string): string {
  const name = `${first}_${second}`
  if (Buffer.byteLength(name) <= NAME_BYTES) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  return `${cut(name, NAME_BYTES - HASH_LENGTH - 1)}_${hash}`
}

/** The names of what stands only while a guard's index is built. */
export const gateNames = ({ index }: Guard) => ({
  function: joinedName(index, 'gate'),
  insert: joinedName(index, 'gate_insert'),
  update: joinedName(index, 'gate_update'),
})
