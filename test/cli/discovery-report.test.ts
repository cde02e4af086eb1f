import type { Discovery, Proposal } from 'onceover'
import pc from 'picocolors'
import { expect, test } from 'vitest'
import { renderDiscovery } from '../../src/cli/discovery-report.ts'

const PROPOSAL: Proposal = {
  table: 'visits',
  rows: 3_000_000,
  key: { patient_id: 'uuid', day: 'date', start_time: 'time', end_time: 'time' },
  children: [],
  state: 'unguarded',
  score: 95,
  why: [
    '1,200 excess rows in 1,100 groups, of 1,000,000 rows (99.8 % distinct) in a sample of 33 % ' +
      'of the pages, which misses duplicates that lie apart; nothing enforces it.',
    'Its name \u001b[2J moves the cursor.',
  ],
  duplicates: { groups: 3300, excess: 3600, estimated: true },
  code: "guard('visits', {\n  table: 'visits',\n  key: { day: date() },\n})",
  imports: ['date', 'guard'],
}

const DISCOVERY: Discovery = {
  target: 'postgres://localhost/shop',
  tables: 12,
  proposals: [PROPOSAL, { ...PROPOSAL, table: 'names', state: 'enforced', enforcedBy: 'one' }],
  more: 1200,
  skipped: [{ table: 'secrets', reason: 'this role may not read it' }],
}

const lines = (columns: number) =>
  renderDiscovery(DISCOVERY, { columns, colors: pc.createColors(false) })

test('every line fits into 80 columns, and none moves the cursor', () => {
  expect(lines(80).filter((line) => line.length > 80)).toEqual([])
  expect(lines(80).join('')).not.toContain('\u001b')
})

test('estimates are marked, and so is what an index holds already', () => {
  const [, first, second] = lines(80)
  expect(first).toMatch(/^ {3}95 +visits +~3,600 +patient_id, day/)
  expect(second).toMatch(/ names +enforced /)
})

test('the end says what to import, what was not read, and how many proposals are left', () => {
  expect(lines(80).slice(-6)).toEqual([
    "import { date, guard } from 'onceover'",
    '',
    '1 table not read, or not in full',
    '  secrets: this role may not read it.',
    '',
    '12 tables, 2 proposals; 1,200 more proposals with a higher --limit.',
  ])
})
