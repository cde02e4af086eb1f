import { refuseText } from '../core/key-value.ts'
import { NAME_BYTES } from '../postgres/identifier.ts'

const PART = '(?:"((?:[^"]|"")+)"|([^".]+))'
const TABLE = new RegExp(String.raw`^(?:${PART}\.)?${PART}$`, 'u')

/** True for a name that PostgreSQL takes as it is: 1 to 63 bytes, since it cuts longer ones. */
export const isName = (name: string): boolean =>
  name !== '' && Buffer.byteLength(name) <= NAME_BYTES && refuseText(name) === undefined

const unquoted = (quoted: string | undefined, plain: string | undefined): string | null =>
  quoted?.replaceAll('""', '"') ?? plain ?? null

/**
 * Reads `table`, `schema.table` or either in double quotes, spelled as in the catalogue. Undefined
 * where it is none of these.
 */
export function readTableName(
  text: string,
): { readonly schema: string | null; readonly name: string } | undefined {
  const match = TABLE.exec(text)
  if (!match) return undefined
  const schema = unquoted(match[1], match[2])
  const name = unquoted(match[3], match[4]) ?? ''
  return (schema === null || isName(schema)) && isName(name) ? { schema, name } : undefined
}
