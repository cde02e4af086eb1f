import type { Recorder, Sample } from './recorder.ts'
import { median, quantile } from './statistics.ts'

/** How long one side took. */
export interface SideResult {
  readonly side: string
  readonly medianMs: number
  readonly p10Ms: number
  /** Statements of one sample, median, BEGIN and COMMIT included. */
  readonly statements: number
}

/** What a ratio compares: speed (raw ÷ ours, more is better) or time (ours ÷ raw, less is). */
export type Measure = 'speed' | 'time'

/** Onceover beside the fastest raw SQL that leaves, or finds, the same. */
export interface Comparison {
  readonly what: string
  readonly samples: number
  readonly ours: SideResult
  readonly raw: SideResult
  /** Every raw variant that was tried, the fastest first. */
  readonly variants: readonly SideResult[]
  readonly measure: Measure
  /** Ratio of the medians of a round; of all rounds the median. */
  readonly ratio: number
  /** The least and the greatest ratio of a round. */
  readonly spread: readonly [least: number, greatest: number]
  readonly bar: number | undefined
  readonly met: boolean | undefined
}

/** A single measured value, with an upper bar where there is one: it stays below, or reaches it. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly sign: '<' | '≤'
  readonly bar: number | undefined
  readonly met: boolean | undefined
}

const P10 = 0.1

const resultOf = (side: string, samples: readonly Sample[]): SideResult => {
  const times = samples.map(({ ms }) => ms)
  const statements = median(samples.map((sample) => sample.statements))
  return { side, medianMs: median(times), p10Ms: quantile(times, P10), statements }
}

const inRound = (samples: readonly Sample[], round: number): number =>
  median(samples.filter((sample) => sample.round === round).map(({ ms }) => ms))

// Within a round the sides took turns; between rounds the machine may have changed. So the ratio is
// taken in each round, and not of medians over all of them.
function ratiosOf(ours: readonly Sample[], raw: readonly Sample[], measure: Measure): number[] {
  const rounds = [...new Set(ours.map(({ round }) => round))]
  return rounds.map((round) => {
    const [own, other] = [inRound(ours, round), inRound(raw, round)]
    return measure === 'speed' ? other / own : own / other
  })
}

/**
 * Compares the recorded samples of `what`. Of the raw variants the one with the least median
 * counts.
 *
 * @param sides name of our side, and the names of the raw ones
 */
export function compare(
  recorder: Recorder,
  what: string,
  sides: { readonly ours: string; readonly raw: readonly string[] },
  { measure, bar }: { readonly measure: Measure; readonly bar: number | undefined },
): Comparison {
  const samples = recorder.samples(what, sides.ours)
  const variants = sides.raw
    .map((side) => resultOf(side, recorder.samples(what, side)))
    .sort((left, right) => left.medianMs - right.medianMs)
  const [raw] = variants
  if (!raw || samples.length === 0) throw new Error(`Nothing was recorded of ${what}.`)
  const ratios = ratiosOf(samples, recorder.samples(what, raw.side), measure)
  const ratio = median(ratios)
  const fastEnough = (least: number) => (measure === 'speed' ? ratio >= least : ratio <= least)
  return {
    what,
    samples: samples.length,
    ours: resultOf(sides.ours, samples),
    raw,
    variants,
    measure,
    ratio,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    bar,
    met: bar === undefined ? undefined : fastEnough(bar),
  }
}
