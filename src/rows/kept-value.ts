import { refuseInside } from '../core/key-value.ts'
import { refuseValue } from './json-value.ts'

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === null || prototype === Object.prototype
}

function refuseInstance(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Date) return 'it has a Date, which would be kept as a text: give the text'
  if (!isPlain(value)) {
    return `it has a ${value.constructor?.name || 'class'}, of which JSON keeps little or nothing`
  }
  for (const item of Object.values(value)) {
    const words = refuseInstance(item)
    if (words) return words
  }
  return undefined
}

/**
 * Why a value would not come back from JSON as it is: NaN, a bigint, a Date, an instance of a class
 * such as a Response. Undefined where it does.
 */
export const refuseKept = (value: unknown): string | undefined =>
  refuseValue(value) ?? refuseInside(value) ?? refuseInstance(value)
