import { exactText } from './exact-json.ts'

const utf8 = (text: string): string => `convert_to(${text}, 'UTF8')`

const items = (value: string, one: string): string =>
  `CASE WHEN ${value} IS NOT NULL THEN ARRAY(SELECT ${one}
    FROM unnest(${value}) WITH ORDINALITY AS items(item, place) ORDER BY place) END`

const sentBy = (send: string, bases: readonly string[]) =>
  Object.fromEntries(bases.map((base) => [base, (value: string) => `${send}(${value})`]))

// What a type sends over the wire depends on no setting. Numbers that are equal have one form: an
// integer is widened, so that a column may grow; -0 becomes 0, and 1.00 becomes 1.
const SENT: Readonly<Record<string, (value: string) => string>> = {
  bool: (value) => `boolsend(${value})`,
  int2: (value) => `int8send(${value}::int8)`,
  int4: (value) => `int8send(${value}::int8)`,
  int8: (value) => `int8send(${value})`,
  uuid: (value) => `uuid_send(${value})`,
  date: (value) => `date_send(${value})`,
  time: (value) => `time_send(${value})`,
  timestamp: (value) => `timestamp_send(${value})`,
  timestamptz: (value) => `timestamptz_send(${value})`,
  float4: (value) => `float8send(${value}::float8 + 0)`,
  float8: (value) => `float8send(${value} + 0)`,
  numeric: (value) => utf8(`trim_scale(${value})::text`),
  // Compared under the database's collation, whatever that of the column is.
  citext: (value) => utf8(`lower(${value}::text COLLATE "default")`),
  text: (value) => utf8(value),
  varchar: (value) => utf8(value),
  bpchar: (value) => utf8(`${value}::text`),
  bytea: (value) => value,
  timetz: (value) => `timetz_send(${value})`,
  interval: (value) => `interval_send(${value})`,
  ...sentBy('range_send', ['daterange', 'tsrange', 'tstzrange']),
  ...sentBy('array_send', ['_date', '_time', '_timetz', '_timestamp', '_timestamptz']),
  ...sentBy('array_send', ['_interval', '_bytea']),
  _numeric: (value) => `array_send(${items(value, 'trim_scale(item)')})`,
  _float4: (value) => `array_send(${items(value, 'item::float8 + 0')})`,
  _float8: (value) => `array_send(${items(value, 'item + 0')})`,
}

/** One value of a key, canonical as the index holds it, with the name of its type. */
export interface HashedPart {
  readonly value: string
  readonly base: string
}

const prefixed = ({ value, base }: HashedPart): string => {
  const bytes = (SENT[base] ?? (() => utf8(exactText(value, base))))(value)
  return `coalesce(int4send(octet_length(${bytes})) || ${bytes}, int4send(-1))`
}

/**
 * The SQL of a key's hash: SHA-256 over its values, each behind its length, so that no two keys
 * share their bytes. PostgreSQL's own hash functions were refused: 64 bits can be made to collide,
 * and they may change with the version. Where a type has no form here and writes equal values in
 * two ways (a number inside jsonb), two claims may stand for one key: the unique index still lets
 * one row in.
 */
export const keyHash = (parts: readonly HashedPart[]): string =>
  `sha256(${parts.map(prefixed).join(' || ')})`
