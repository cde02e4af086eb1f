const EXACT = new Set(['int8', 'numeric', 'money', 'float8', 'float4'])
const EXACT_ARRAYS = new Set([...EXACT].map((base) => `_${base}`))
const ISO = new Set(['date', 'time', 'timetz', 'timestamp'])

const utc = (expression: string): string =>
  `CASE WHEN isfinite(${expression}) ` +
  `THEN (to_json((${expression}) AT TIME ZONE 'UTC') #>> '{}') || 'Z' ` +
  `ELSE (${expression})::text END`

/**
 * An expression as JSON that loses nothing: a number that JavaScript would round is a text, and a
 * point in time is in UTC, whatever the zone of the session.
 *
 * @param base name of the type of the expression
 */
export function exactJson(expression: string, base: string): string {
  if (EXACT.has(base)) return `(${expression})::text`
  if (EXACT_ARRAYS.has(base)) return `(${expression})::text[]`
  return base === 'timestamptz' ? utc(expression) : expression
}

/** An expression as text that no setting of the session changes: dates and times are ISO. */
export function exactText(expression: string, base: string): string {
  if (base === 'timestamptz') return utc(expression)
  return ISO.has(base) ? `to_json(${expression}) #>> '{}'` : `(${expression})::text`
}
