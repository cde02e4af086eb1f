/**
 * The value below which a share of the samples lies, interpolated between neighbours.
 *
 * @param share from 0 to 1: 0.5 is the median
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** The middle value. */
export const median = (samples: readonly number[]): number => quantile(samples, 0.5)
