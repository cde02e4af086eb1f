import { expect, test } from 'vitest'
import { renderGrowth } from '../../src/cli/growth-report.ts'
import { Output } from '../../src/cli/output.ts'
import type { Growth } from '../../src/index.ts'
import { CLEAN } from './clean-report.ts'

const page = new Output({ stdout: process.stdout, stderr: process.stderr, env: {} }, false)
const narrow = { colors: page.colors, columns: 78 }

const at = (hour: number) => new Date(Date.UTC(2025, 9, 16, hour)).toISOString()

const growth: Growth = {
  column: 'created_at',
  excess: 300,
  first: '2025-10-16T11:04:28.25Z',
  last: '2025-10-16T15:03:02.25Z',
  unit: 'hour',
  buckets: [104, 146, 0, 40, 10].map((excess, hour) => ({ at: at(11 + hour), rows: 200, excess })),
  rhythm: {
    every: 'hour',
    at: ':03–:05',
    since: '2025-10-16T11:04:28.25Z',
    until: '2025-10-16T15:03:02.25Z',
    text: 'hourly at :03–:05 since 2025-10-16',
  },
  sources: [{ column: 'series_id', value: 'a\u001bb', excess: 25, groups: 5 }],
}

test('growth is said in words, in a small chart and with its sources', () => {
  expect(renderGrowth({ ...CLEAN, growth }, narrow)).toEqual([
    '',
    '300 excess rows made from 2025-10-16 11:04 to 2025-10-16 15:03 UTC, by created_at',
    'hourly at :03–:05 since 2025-10-16',
    '',
    'excess rows by the hour',
    '▆▆▆▆▆▆██████      ▃▃▃▃▃▃▁▁▁▁▁▁',
    '──────────────────────────────',
    '2025-10-16 11:00 … 2025-10-16 15:00 UTC',
    '',
    'excess  groups  made by',
    '    25       5  series_id=a\\u001bb',
  ])
})

test('many buckets are taken together until they fit', () => {
  const buckets = Array.from({ length: 200 }, (_, hour) => ({ at: at(hour), rows: 2, excess: 1 }))
  const lines = renderGrowth({ ...CLEAN, growth: { ...growth, buckets } }, narrow)
  expect(lines.filter((line) => line.length > 81)).toEqual([])
  expect(lines).toContain(`${'█'.repeat(50)}`)
})

test('growth that was not asked for is not spoken of, and why it is not known is', () => {
  expect(renderGrowth(CLEAN, narrow)).toEqual([])
  expect(renderGrowth({ ...CLEAN, growthUnknown: 'visits has no time.' }, narrow)).toEqual([
    '',
    'growth is not known: visits has no time.',
  ])
})
