import type { KeyPart } from '../core/key-part.ts'

/** What the encoder needs to know of a column. */
export interface EncodedColumn {
  /** The quoted name, without a table. */
  readonly quoted: string
  /** The array or jsonb nature of its type, where it has one. */
  readonly collection: 'array' | 'jsonb' | undefined
  /** True for text-like types: text, varchar, char, citext. */
  readonly textual: boolean
  /** True where its type calls texts equal that differ in case only: citext. */
  readonly caseless: boolean
}

/** Where the encoded SQL will run. */
export interface Surroundings {
  /** Quoted schema in which `onceover_set` stands or will stand. */
  readonly functions: string
  /** True where the database holds Unicode text. */
  readonly unicode: boolean
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
  /** Whether the value differs from its loose form, as a condition; where there is a loose form. */
  readonly varies: string | undefined
}

// Not \v: before PostgreSQL 16 that is the letter v.
const ASCII_SPACE = String.raw` \t\n\r\f\x0B`
// White_Space of Unicode, and U+FEFF, which editors leave at the start of a file.
const UNICODE_SPACE =
  ASCII_SPACE +
  String.raw`\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A` +
  String.raw`\u2028\u2029\u202F\u205F\u3000\uFEFF`

const trimmed = (text: string, unicode: boolean): string =>
  `btrim(${text}, E'${unicode ? UNICODE_SPACE : ASCII_SPACE}')`

// Only a Unicode database has normal forms.
const folded = (text: string, unicode: boolean): string =>
  unicode ? `lower(normalize(${text}, NFC))` : `lower(${text})`

const normal = (text: string, { trim, fold }: KeyPart['form'], unicode: boolean): string => {
  const bare = trim ? trimmed(text, unicode) : text
  return fold ? folded(bare, unicode) : bare
}

// Normalising is slow, and ASCII has one normal form: most texts are spared it.
const looseText = (text: string, unicode: boolean): string =>
  `(CASE WHEN octet_length(${text}) = length(${text}) ` +
  `THEN lower(${trimmed(text, false)} COLLATE "C") ` +
  `ELSE ${folded(trimmed(text, unicode), unicode)} END)`

const sortedJson = (quoted: string): string =>
  `(CASE pg_catalog.jsonb_typeof(${quoted}) WHEN 'array' THEN (SELECT coalesce(` +
  `pg_catalog.jsonb_agg(DISTINCT item ORDER BY item), '[]') ` +
  `FROM pg_catalog.jsonb_array_elements(${quoted}) AS item) ELSE ${quoted} END)`

const sortedArray = (quoted: string): string =>
  `(CASE pg_catalog.cardinality(${quoted}) WHEN 0 THEN ${quoted} ELSE (SELECT ` +
  `pg_catalog.array_agg(DISTINCT item ORDER BY item) ` +
  `FROM pg_catalog.unnest(${quoted}) AS item) END)`

const sorted = ({ quoted, collection }: EncodedColumn): string =>
  collection === 'jsonb' ? sortedJson(quoted) : sortedArray(quoted)

const asIs = (quoted: string): string => quoted

const plainly = (sql: string): Encoding => ({
  indexed: sql,
  inline: sql,
  literal: asIs,
  loose: undefined,
  varies: undefined,
})

const textEncoding = (part: KeyPart, column: EncodedColumn, unicode: boolean): Encoding => {
  const { form } = part
  const text = `${column.quoted}::text`
  const plain = !form.trim && !form.fold
  const canonical = plain ? column.quoted : normal(text, form, unicode)
  const loose = looseText(text, unicode)
  // A caseless type has merged the cases already.
  const spelling = column.caseless ? `lower(${text})` : plain ? text : canonical
  const complete = (form.trim && form.fold) || !column.textual
  return {
    indexed: canonical,
    inline: canonical,
    literal: (value) => (plain ? value : normal(value, form, unicode)),
    loose: complete ? undefined : loose,
    varies: complete
      ? undefined
      : `(${spelling}) COLLATE "C" IS DISTINCT FROM ${loose} COLLATE "C"`,
  }
}

/**
 * The SQL that encodes a key part: PostgreSQL alone canonicalises and compares, so the index, the
 * scan and the insert cannot disagree. An encoder in TypeScript was refused: `lower('ΑΣ')` already
 * differs between the two.
 */
export function encode(
  part: KeyPart,
  column: EncodedColumn,
  { functions, unicode }: Surroundings,
): Encoding {
  if (part.kind === 'expression') return plainly(`(${part.sql})`)
  if (part.kind === 'set') {
    const indexed = `${functions}.onceover_set(${column.quoted})`
    return { ...plainly(indexed), inline: sorted(column) }
  }
  if (part.kind === 'text' || (part.kind === 'column' && column.textual)) {
    return textEncoding(part, column, unicode)
  }
  if (!column.collection) return plainly(column.quoted)
  const loose = sorted(column)
  return { ...plainly(column.quoted), loose, varies: `${column.quoted} IS DISTINCT FROM ${loose}` }
}

/** A function that an index on a `set` part needs. */
export interface KeyFunction {
  /** The type that it takes and returns. */
  readonly type: string
  /** Its body, as the catalogue keeps it. */
  readonly body: string
  readonly ddl: string
}

/**
 * The immutable functions an index on a `set` part needs, made beside the user's table. They stay
 * when Onceover goes, because the index needs them. Every name in them has its schema: an index is
 * built and restored under other search paths.
 */
export const keyFunctions = (schema: string): readonly KeyFunction[] =>
  (
    [
      ['jsonb', sortedJson('value')],
      ['anyarray', sortedArray('value')],
    ] as const
  ).map(([type, sql]) => {
    const body = ` SELECT ${sql} `
    const head = `CREATE FUNCTION ${schema}.onceover_set(value ${type}) RETURNS ${type}`
    return {
      type,
      body,
      ddl: `${head} LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$${body}$$`,
    }
  })
