import { describe, expect, test, vi } from 'vitest'
import { compare } from '../../bench/comparison.ts'
import { Recorder } from '../../bench/recorder.ts'
import { median, quantile } from '../../bench/statistics.ts'

const SIDES = { ours: 'ours', raw: ['slow', 'fast'] }

/** A recorder that holds the given times, in ms, by round. */
async function recorded(times: Readonly<Record<string, readonly (readonly number[])[]>>) {
  const recorder = new Recorder(() => 0)
  const clock = vi.spyOn(performance, 'now')
  try {
    for (const [side, rounds] of Object.entries(times)) {
      for (const [round, samples] of rounds.entries()) {
        for (const ms of samples) {
          clock.mockReturnValueOnce(0).mockReturnValueOnce(ms)
          await recorder.time('load', side, round, async () => undefined)
        }
      }
    }
  } finally {
    clock.mockRestore()
  }
  return recorder
}

describe('a comparison', () => {
  test('holds us against the fastest raw SQL, round by round', async () => {
    const recorder = await recorded({
      ours: [[20, 20, 90], [40], [50]],
      fast: [[10, 10, 10], [32], [50]],
      slow: [[60, 60, 60], [60], [60]],
    })
    const found = compare(recorder, 'load', SIDES, { measure: 'speed', bar: 0.8 })
    expect(found.raw.side).toBe('fast')
    expect(found.variants.map(({ side }) => side)).toEqual(['fast', 'slow'])
    expect(found).toMatchObject({ samples: 5, ratio: 0.8, spread: [0.5, 1], met: true })
  })

  test('of times is met below its bar, and without a bar neither met nor missed', async () => {
    const recorder = await recorded({ ours: [[12]], fast: [[10]], slow: [[11]] })
    const against = (bar: number | undefined) =>
      compare(recorder, 'load', SIDES, { measure: 'time', bar })
    expect(against(1.15)).toMatchObject({ ratio: 1.2, met: false })
    expect(against(1.2)).toMatchObject({ met: true })
    expect(against(undefined).met).toBeUndefined()
  })

  test('of what was never recorded is refused', () => {
    const nothing = new Recorder(() => 0)
    const goal = { measure: 'speed', bar: undefined } as const
    expect(() => compare(nothing, 'load', SIDES, goal)).toThrow('Nothing was recorded')
  })
})

test('quantiles are interpolated and do not need sorted samples', () => {
  expect(median([30, 10, 20])).toBe(20)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(quantile([11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.1)).toBe(2)
  expect(median([])).toBeNaN()
})
