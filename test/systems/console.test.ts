import { expect, test } from 'vitest'
import { failures, reportLines, styleOf, wrap } from '../../systems/console.ts'
import { mustBe, mustReach, type SystemReport, shown } from '../../systems/demo-report.ts'

const REPORT: SystemReport = {
  system: 'lessons',
  incident: 'Some requests die.',
  run: 'Four processes.',
  figures: [
    { what: 'lessons in the table', naive: shown(1234), onceover: mustBe(7, 7) },
    { what: '  of these, twice', naive: mustReach(3, 1), onceover: mustBe(1, 0) },
    { what: 'found by the scan', onceover: mustBe(0, 0) },
  ],
  notes: ['A refusal.'],
}

test('a report is a table with the figures of both sides under each other', () => {
  expect(reportLines(REPORT, { columns: 80, colour: false }, 1.25)).toEqual([
    '',
    'lessons (1.3 s)',
    '  Some requests die.',
    '  Four processes.',
    '',
    '                            naive   Onceover',
    '  lessons in the table      1,234          7',
    '    of these, twice             3          1',
    '  found by the scan                        0',
    '',
    '  A refusal.',
  ])
})

test('no line of a report is wider than the terminal', () => {
  const what = 'a label that has many more words than a narrow terminal has room for'
  const report = { ...REPORT, incident: what, figures: [{ what, naive: shown(1) }] }
  const lines = reportLines(report, { columns: 40, colour: false }, 1)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
  expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('than a narrow terminal has room for')
})

test('each figure that is not what it must be is named, with what it must be', () => {
  expect(failures(REPORT)).toEqual([
    'lessons: of these, twice (onceover) is 1 and must be exactly 0',
  ])
  const none = { what: 'damage', naive: mustReach(0, 1) }
  expect(failures({ ...REPORT, figures: [none] })).toEqual([
    'lessons: damage (naive) is 0 and must be at least 1',
  ])
})

test('colour is for terminals that want it', () => {
  const terminal = { isTTY: true, columns: 120 } as NodeJS.WriteStream
  const file = {} as NodeJS.WriteStream
  expect(styleOf(terminal, {})).toEqual({ columns: 100, colour: true })
  expect(styleOf(terminal, { NO_COLOR: '1' }).colour).toBe(false)
  expect(styleOf(terminal, { TERM: 'dumb' }).colour).toBe(false)
  expect(styleOf(file, {})).toEqual({ columns: 100, colour: false })
})

test('text is broken between words only', () => {
  expect(wrap('one two three', 8, '  ')).toEqual(['  one', '  two', '  three'])
  expect(wrap('a_word_that_does_not_fit', 8)).toEqual(['a_word_that_does_not_fit'])
})
