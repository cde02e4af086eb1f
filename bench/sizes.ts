/** A whole number from 1 on, or an error that names where it came from. */
export function wholeNumber(text: string, source: string): number {
  const value = Number(text.replaceAll('_', ''))
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(`${source} is ${JSON.stringify(text)}; it must be a whole number from 1 on.`)
}

/** A number of rows from the environment; `fallback` where the variable is missing or empty. */
export function rowsFrom(name: string, fallback: number, environment = process.env): number {
  const text = environment[name]
  return text ? wholeNumber(text, name) : fallback
}
