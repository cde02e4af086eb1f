/** Numbers from 0 up to 1. */
export type Random = () => number

/**
 * Numbers from 0 up to 1 that a seed repeats. Source: mulberry32, public domain; good enough to
 * shuffle.
 */
export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from 0 up to `below`. */
export const whole = (random: Random, below: number): number => Math.floor(random() * below)

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => whole(random, 16).toString(16)).join('')

/** A UUID of version 4. */
export const uuidFrom = (random: Random): string =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`

/** The items in an order that the seed decides (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const place = whole(random, last + 1)
    const [one, other] = [order[last], order[place]]
    if (one === undefined || other === undefined) continue
    order[last] = other
    order[place] = one
  }
  return order
}

/** Items in chunks of one size; the last may be shorter. */
export const inChunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, place) =>
    items.slice(place * size, (place + 1) * size),
  )
