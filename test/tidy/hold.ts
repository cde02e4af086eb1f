import { describe, expect, test } from 'vitest'
import { describeSample, place, type Rule, sampleFiles, type Violation } from './rule.ts'
import type { SourceFile } from './source-file.ts'

const inWords = (violation: Violation): string => `${place(violation)} ${violation.message}`

/** The tests of one rule: the repository keeps it, and it tells right from wrong. */
export function hold({ law, check, refuses, accepts }: Rule, files: readonly SourceFile[]): void {
  describe(law, () => {
    test('in this repository', () => {
      expect(check(files).map(inWords)).toEqual([])
    })

    test('tried both ways', () => {
      expect(refuses.filter(({ at }) => at.length > 0)).not.toEqual([])
      expect(accepts).not.toEqual([])
    })

    for (const { files: sample, at } of refuses) {
      test(`refused: ${describeSample(sample)}`, () => {
        expect(check(sampleFiles(sample)).map(place)).toEqual(at)
      })
    }

    for (const sample of accepts) {
      test(`accepted: ${describeSample(sample)}`, () => {
        expect(check(sampleFiles(sample)).map(inWords)).toEqual([])
      })
    }
  })
}
