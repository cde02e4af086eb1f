import { createHash } from 'node:crypto'
import { NAME_BYTES } from '../postgres/identifier.ts'
import { readTableName } from './table-name.ts'

const HASH_LENGTH = 8

/**
 * The name of a guard's index where none is declared: `ux_<table>_<guard>` in letters, digits and
 * underscores. Where that loses more than hyphens, a hash of the guard's name keeps two guards of
 * one table apart.
 */
export function indexName(guard: string, table: string): string {
  const words = `ux_${readTableName(table)?.name ?? table}_${guard}`
  const plain = words.replaceAll(/[^A-Za-z0-9_]/g, '_')
  if (plain.length <= NAME_BYTES && /^[A-Za-z0-9_-]*$/.test(guard)) return plain
  const hash = createHash('sha256').update(guard).digest('hex').slice(0, HASH_LENGTH)
  return `${plain.slice(0, NAME_BYTES - HASH_LENGTH - 1)}_${hash}`
}
