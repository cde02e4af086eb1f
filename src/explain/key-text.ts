/** What is known of one part of a key whose value stands in a DETAIL. */
export interface KeyTextPart {
  /** The part as PostgreSQL spells it: a quoted column or an expression. */
  readonly sql: string
  /** Its type as SQL writes it. */
  readonly type: string
  /** Whether `null` can stand for NULL. */
  readonly nullable: boolean
}

/** The values of a key by place, as PostgreSQL printed them. */
export type KeyText = readonly (string | null)[]

const MAX_READINGS = 200
// How many characters are tried at most: a value of thousands of commas has more ways than time.
const MAX_TRIED = 2_000_000

const WHOLE = /^-?\d+$/
const NUMBER = /^(-?[\d.]+(e[+-]?\d+)?|-?Infinity|NaN)$/i
const UUID = /^[0-9a-f-]{36}$/i
const WITHOUT_COMMA = /^[^,]*$/

// What a value of a type looks like, where that tells it from a piece of a text with commas.
const SHAPES: readonly (readonly [type: RegExp, shape: RegExp])[] = [
  [/^(smallint|integer|bigint)$/, WHOLE],
  [/^(numeric|real|double precision)/, NUMBER],
  [/^uuid$/, UUID],
  [/^boolean$/, /^[tf]$/],
  [/^(date|time|timestamp|interval|bytea|inet|cidr|macaddr8?|oid)\b/, WITHOUT_COMMA],
]

const fits = (value: string | null, { type, nullable }: KeyTextPart): boolean => {
  if (value === null) return nullable
  const shape = SHAPES.find(([types]) => types.test(type))?.[1]
  return shape === undefined || shape.test(value)
}

// Every way to join neighbouring pieces so that each part gets a value that its type can have.
function* joined(
  pieces: readonly string[],
  parts: readonly KeyTextPart[],
  tried: { chars: number },
): Generator<readonly (string | null)[]> {
  const [part, ...others] = parts
  if (!part) {
    if (pieces.length === 0) yield []
    return
  }
  const most = others.length === 0 ? pieces.length : pieces.length - others.length
  const least = others.length === 0 ? pieces.length : 1
  for (let taken = least; taken <= most; taken++) {
    const text = pieces.slice(0, taken).join(', ')
    // What is left for the other parts is copied, too.
    tried.chars += text.length + pieces.length
    if (tried.chars > MAX_TRIED) return
    const values = text === 'null' && part.nullable ? [null, text] : [text]
    for (const value of values.filter((each) => fits(each, part))) {
      for (const rest of joined(pieces.slice(taken), others, tried)) yield [value, ...rest]
    }
  }
}

function readings(text: string, parts: readonly KeyTextPart[]): readonly KeyText[] {
  const found: KeyText[] = []
  for (const each of joined(text.split(', '), parts, { chars: 0 })) {
    found.push(each)
    if (found.length === MAX_READINGS) break
  }
  return found
}

const upToClose = (text: string): string => text.slice(0, Math.max(0, text.lastIndexOf(')')))

/**
 * Reads the key of a DETAIL such as `Key (a, b)=(1, 2) already exists.`, in any language; of an
 * exclusion the key attempted, which stands first. Where values hold commas there are several
 * readings; those that the types rule out are left out.
 *
 * @returns no reading where the DETAIL is not about a key of these parts
 */
export function readKey(detail: string, parts: readonly KeyTextPart[]): readonly KeyText[] {
  const head = `(${parts.map(({ sql }) => sql).join(', ')})=(`
  const [, own] = detail.split(head)
  return own === undefined ? [] : readings(upToClose(own), parts)
}
