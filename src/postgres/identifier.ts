import { OnceoverError } from '../core/error.ts'

/** How many bytes of a name PostgreSQL keeps; what is longer it cuts. */
export const NAME_BYTES = 63

/**
 * A name as a quoted SQL identifier. Names that PostgreSQL would cut (over 63 bytes) or could not
 * read (empty, NUL, not well-formed) are refused, because two long names cut alike would merge.
 *
 * @throws OnceoverError IDENTIFIER_INVALID
 */
export function quoteIdentifier(name: string): string {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > NAME_BYTES || name.includes('\0') || !name.isWellFormed()) {
    throw new OnceoverError('IDENTIFIER_INVALID', {
      message: `${JSON.stringify(name)} cannot be a PostgreSQL identifier (${bytes} bytes).`,
      details: { name, bytes },
    })
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as a quoted SQL literal, for the places where PostgreSQL takes no parameter. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
