const WHOLE = /^-?\d+$/

/**
 * A whole number of a text: the parts take a bigint where a number would be rounded. What is none
 * stays as it is, for the part to refuse.
 */
export const wholeNumber = (text: string): number | bigint | string => {
  if (!WHOLE.test(text)) return text
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}
