import type { KeyPart } from '../core/key-part.ts'

/** What the encoder needs to know of a column. */
export interface EncodedColumn {
  /** The quoted name, without a table. */
  readonly quoted: string
  /** The array or jsonb nature of its type, where it has one. */
  readonly collection: 'array' | 'jsonb' | undefined
  /** True for text-like types: text, varchar, char, citext. */
  readonly textual: boolean
}

/** The SQL of one key part over the columns of its table, unqualified. */
export interface Encoding {
  /** The canonical value, as an index holds it. */
  readonly indexed: string
  /** The same value without Onceover's functions, for a table where they were never made. */
  readonly inline: string
  /** The same form given to a literal, to compare with. */
  readonly literal: (quoted: string) => string
  /** The value with harmless differences removed (case, white space, order), where that differs. */
  readonly loose: string | undefined
}

const WHITE_SPACE = String.raw`E' \t\n\r\f\v'`

const normal = (text: string, { trim, fold }: KeyPart['form']): string => {
  const trimmed = trim ? `btrim(${text}, ${WHITE_SPACE})` : text
  return fold ? `lower(normalize(${trimmed}, NFC))` : trimmed
}

const sortedJson = (quoted: string): string =>
  `(CASE jsonb_typeof(${quoted}) WHEN 'array' THEN (SELECT coalesce(jsonb_agg(DISTINCT item ` +
  `ORDER BY item), '[]') FROM jsonb_array_elements(${quoted}) AS item) ELSE ${quoted} END)`

const sortedArray = (quoted: string): string =>
  `(CASE cardinality(${quoted}) WHEN 0 THEN ${quoted} ELSE (SELECT array_agg(DISTINCT item ` +
  `ORDER BY item) FROM unnest(${quoted}) AS item) END)`

const sorted = ({ quoted, collection }: EncodedColumn): string =>
  collection === 'jsonb' ? sortedJson(quoted) : sortedArray(quoted)

const asIs = (quoted: string): string => quoted

const textEncoding = (part: KeyPart, { quoted, textual }: EncodedColumn): Encoding => {
  const plain = !part.form.trim && !part.form.fold
  const canonical = plain ? quoted : normal(`${quoted}::text`, part.form)
  const loose = normal(`${quoted}::text`, { trim: true, fold: true })
  const complete = part.form.trim && part.form.fold
  return {
    indexed: canonical,
    inline: canonical,
    literal: (value) => (plain ? value : normal(value, part.form)),
    loose: textual && !complete ? loose : undefined,
  }
}

/**
 * The SQL that encodes a key part: PostgreSQL alone canonicalises and compares, so the index, the
 * scan and the insert cannot disagree. An encoder in TypeScript was refused: `lower('ΑΣ')` already
 * differs between the two.
 *
 * @param functions quoted schema in which `onceover_set` stands or will stand
 */
export function encode(part: KeyPart, column: EncodedColumn, functions: string): Encoding {
  if (part.kind === 'expression') {
    const own = `(${part.sql})`
    return { indexed: own, inline: own, literal: asIs, loose: undefined }
  }
  if (part.kind === 'set') {
    const indexed = `${functions}.onceover_set(${column.quoted})`
    return { indexed, inline: sorted(column), literal: asIs, loose: undefined }
  }
  if (part.kind === 'text' || (part.kind === 'column' && column.textual)) {
    return textEncoding(part, column)
  }
  const loose = column.collection ? sorted(column) : undefined
  return { indexed: column.quoted, inline: column.quoted, literal: asIs, loose }
}

/**
 * The immutable functions an index on a `set` part needs, made beside the user's table. They stay
 * when Onceover goes, because the index needs them.
 */
export const keyFunctions = (schema: string): readonly string[] =>
  (
    [
      ['jsonb', sortedJson('value')],
      ['anyarray', sortedArray('value')],
    ] as const
  ).map(
    ([type, body]) =>
      `CREATE OR REPLACE FUNCTION ${schema}.onceover_set(value ${type}) RETURNS ${type} ` +
      `LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT ${body} $$`,
  )
