import { expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { renderScan } from '../../src/cli/scan-report.ts'
import type { ScanReport } from '../../src/index.ts'
import { CLEAN } from './clean-report.ts'

const page = new Output({ stdout: process.stdout, stderr: process.stderr, env: {} }, false)
const plain = { colors: page.colors, columns: Number.POSITIVE_INFINITY }

const INDEX = {
  name: 'ux_visits',
  constraint: undefined,
  definition: '',
  columns: [],
  predicate: undefined,
  valid: true,
  immediate: true,
  nullsNotDistinct: false,
}

test('a clean table says which index enforces the key', () => {
  const coverage = { ...CLEAN.coverage, indexes: [INDEX] }
  expect(renderScan({ ...CLEAN, coverage }, plain)).toEqual([
    'public.visits',
    '  postgres://app@h:5432/shop',
    '',
    '  rows              12,345',
    '  duplicate groups       0',
    '  excess rows            0',
    '',
    '  no findings  ux_visits enforces the key.',
    '',
  ])
})

test('a role that may not ask for the index is told so', () => {
  const coverage = { ...CLEAN.coverage, enforced: undefined }
  expect(renderScan({ ...CLEAN, coverage }, plain).join('\n')).toContain('may not ask')
})

test('everything that was found is shown', () => {
  const report: ScanReport = {
    ...CLEAN,
    guard: 'daily',
    where: 'NOT is_cancelled\n  AND true',
    duplicates: {
      groups: 12,
      excess: 30,
      largest: [
        {
          key: { day: '2025-10-23', patient: null },
          rows: 18,
          keeper: { id: '1', status: 'CONFIRMED' },
          losers: [{ id: '2', status: 'a\u001b[2Jb' }, { id: '3' }],
        },
      ],
      sizes: [{ rows: 18, groups: 1 }],
    },
    nulls: {
      equal: { groups: 13, excess: 31 },
      distinct: { groups: 12, excess: 30 },
      gapExcess: 1,
    },
    parts: [
      { name: 'day', declared: 'reject', nulls: 0, forbidden: [], nonCanonical: 0 },
      { name: 'patient', declared: 'distinct', nulls: 4, forbidden: [], nonCanonical: 0 },
    ],
    hidden: { groups: 2, excess: 2 },
    unfinished: 5,
    findings: [{ code: 'duplicates', message: '12 keys.', fix: 'Remove them.' }],
  }
  expect(renderScan(report, plain)).toEqual([
    'daily  public.visits',
    '  postgres://app@h:5432/shop',
    '  where NOT is_cancelled\\n  AND true',
    '',
    '  rows                       12,345',
    '  duplicate groups               12',
    '  excess rows                    30',
    '  groups hidden by spelling       2',
    '  unfinished rows                 5',
    '',
    '  rows  key                          keep                   remove',
    '    18  day=2025-10-23 patient=NULL  id=1 status=CONFIRMED  ' +
      'id=2 status=a\\u001b[2Jb · id=3 · … 15 more',
    '  and 11 smaller groups',
    '',
    '  NULLs  part     declared',
    '      4  patient  distinct',
    '  Were NULL equal to NULL: 13 groups and 31 excess rows.',
    '  As a unique index sees it: 12 groups and 30 excess rows.',
    '  It does not see 1 excess row.',
    '',
    '  duplicates  12 keys.',
    '    fix  Remove them.',
    '',
  ])
})

test('a terminal cuts the table to its width', () => {
  const duplicates = {
    groups: 1,
    excess: 1,
    largest: [
      { key: { note: 'n'.repeat(200) }, rows: 2, keeper: { id: '1' }, losers: [{ id: '2' }] },
    ],
    sizes: [{ rows: 2, groups: 1 }],
  }
  const coverage = { ...CLEAN.coverage, indexes: [INDEX] }
  const lines = renderScan({ ...CLEAN, duplicates, coverage }, { ...plain, columns: 60 })
  expect(lines.filter((line) => line.length > 60)).toEqual([])
  expect(lines.some((line) => line.includes('note=nnn') && line.includes('…'))).toBe(true)
})

test('keys are read whole on a terminal of 80 columns, whatever else is cut', () => {
  const row = { id: '1042', status: 'sent', created_at: '2025-10-01 06:00:00+00' }
  const key = { customer_id: 291, month: '2025-10-01', channel: 'mail' }
  const largest = [{ key, rows: 3, keeper: row, losers: [row, row] }]
  const duplicates = { groups: 1, excess: 2, largest, sizes: [{ rows: 3, groups: 1 }] }
  const cluster = { key, rows: 2, keys: 2, span: '[2025-10-01,2025-10-31)', members: [row, row] }
  const overlaps = { clusters: 1, rows: 2, largest: [cluster] }
  const lines = renderScan({ ...CLEAN, duplicates, overlaps }, { ...plain, columns: 80 })
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  const words = 'customer_id=291 month=2025-10-01 channel=mail'
  expect(lines.filter((line) => line.includes(words))).toHaveLength(2)
})

test('clusters of overlapping ranges are shown with their rows', () => {
  const largest = [
    {
      key: { room: 1 },
      rows: 12,
      keys: 3,
      span: '[1,9)',
      members: [
        { range: '[1,4)', id: '2' },
        { range: '[3,9)', id: '1' },
      ],
    },
  ]
  const overlaps = { clusters: 2, rows: 14, largest }
  expect(renderScan({ ...CLEAN, overlaps }, plain).slice(7, 11)).toEqual([
    '  overlap  key     span   rows',
    '       12  room=1  [1,9)  range=[1,4) id=2 · range=[3,9) id=1 · … 10 more',
    '  and 1 smaller cluster',
    '',
  ])
})
