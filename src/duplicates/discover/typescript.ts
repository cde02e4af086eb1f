/** A text as a literal of TypeScript in single quotes. */
export const quoted = (value: string): string => {
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"')
  return inner.includes("'") && !inner.includes('"')
    ? JSON.stringify(value)
    : `'${inner.replaceAll("'", "\\'")}'`
}

/** A name as the key of an object literal. */
export const property = (name: string): string => {
  // Written plainly it would set the prototype.
  if (name === '__proto__') return `[${quoted(name)}]`
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

const WIDTH = 76

/** A list of texts: on one line where it fits behind its name, else one on each line. */
export function list(items: readonly string[], indent: string, taken = 0): string {
  const line = `[${items.join(', ')}]`
  if (indent.length + taken + line.length <= WIDTH) return line
  return `[\n${items.map((item) => `${indent}  ${item},\n`).join('')}${indent}]`
}
