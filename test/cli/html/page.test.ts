import { createHash } from 'node:crypto'
import { Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { renderPage } from '../../../src/cli/html/page.ts'
import type { Growth, ScanReport } from '../../../src/index.ts'
import { CLEAN } from '../clean-report.ts'

const MADE = new Date('2025-10-17T12:00:00Z')
const at = (hour: number) => new Date(Date.UTC(2025, 9, 16, hour)).toISOString()

const growth: Growth = {
  column: 'created_at',
  excess: 300,
  first: at(11),
  last: at(15),
  unit: 'hour',
  buckets: Array.from({ length: 200 }, (_, hour) => ({ at: at(hour), rows: 90_000, excess: 75 })),
  rhythm: { every: 'hour', at: ':03', since: at(11), until: at(15), text: 'hourly at :03 since' },
  sources: [{ column: 'series_id', value: 'S-17', excess: 1200, groups: 5 }],
}

const FULL: ScanReport = {
  ...CLEAN,
  duplicates: {
    groups: 1234,
    excess: 5000,
    largest: Array.from({ length: 10 }, (_, place) => ({
      key: { day: '2025-10-23', room: place, note: null },
      rows: 18,
      keeper: { id: '1', status: 'CONFIRMED' },
      losers: [{ id: '2', status: 'CONFLICTED' }],
    })),
    sizes: [
      { rows: 2, groups: 1200 },
      { rows: 18, groups: 34 },
    ],
  },
  growth,
  coverage: { ...CLEAN.coverage, enforced: false },
  findings: [{ code: 'not_enforced', message: 'No index.', fix: 'Run `onceover enforce`.' }],
}

const page = renderPage([FULL], MADE)

/** The text of a page as it is read, without its scripts and tags. */
const read = (text: string) =>
  text
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

test('a page says how many, when, by what, why, and what to do', () => {
  const text = read(page)
  expect(text).toContain('postgres://app@h:5432/shop scanned 2025-10-17 12:00:00 UTC')
  expect(text).toContain('5,000 of 12,345 rows are duplicates')
  expect(text).toContain('They were made hourly at :03 since. No unique index covers the key')
  expect(text).toContain('series_id S-17 1,200 rows in 5 groups')
  expect(text).toContain('not_enforced No index. Fix Run onceover enforce .')
  expect(text).toContain('The 10 largest of 1,234 duplicate groups')
  expect(text).toContain('18 rows day 2025-10-23 room 0 note NULL')
  expect(text).toContain('keep 1 CONFIRMED remove 2 CONFLICTED and 16 more rows')
})

test('it fetches nothing, and stays small', () => {
  expect(page.match(/(src|href|url)\s*[=(]\s*["']?(https?:|\/\/)/)).toBeNull()
  expect(page.length).toBeLessThan(200_000)
})

test('it lets no script run but its own, each by its hash', () => {
  const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text ?? '')
  expect(scripts).toHaveLength(2)
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
  const hashes = scripts.map(
    (script) => `&#39;sha256-${createHash('sha256').update(script).digest('base64')}&#39;`,
  )
  expect(policy).toContain(`script-src ${hashes.join(' ')};`)
  expect(policy).toContain('default-src &#39;none&#39;')
  for (const script of scripts) expect(() => new Script(script)).not.toThrow()
})

describe('values of the table', () => {
  const EVIL = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'"`
  const evil: ScanReport = {
    ...FULL,
    guard: EVIL,
    table: EVIL,
    target: EVIL,
    where: EVIL,
    duplicates: {
      ...FULL.duplicates,
      largest: [
        { key: { [EVIL]: EVIL }, rows: 2, keeper: { [EVIL]: EVIL }, losers: [{ [EVIL]: EVIL }] },
      ],
    },
    overlaps: {
      clusters: 1,
      rows: 2,
      largest: [{ key: { a: EVIL }, rows: 2, keys: 2, span: EVIL, members: [{ range: EVIL }] }],
    },
    growth: {
      ...growth,
      column: EVIL,
      sources: [{ column: EVIL, value: EVIL, excess: 1, groups: 1 }],
    },
    findings: [{ code: 'duplicates', message: EVIL, fix: EVIL }],
  }

  test('are never markup', () => {
    const text = renderPage([evil, evil], MADE, [{ guard: EVIL, code: 'X', message: EVIL }])
    expect(text.match(/<script/g)).toHaveLength(3)
    expect(text.match(/<\/script>/g)).toHaveLength(3)
    expect(text).not.toContain('<img')
    expect(read(text)).toContain('&lt;img src=x onerror=&quot;alert(2)&quot;&gt;&#39;&quot;')
  })

  test('that are long are cut', () => {
    const long = renderPage(
      [
        {
          ...FULL,
          duplicates: {
            ...FULL.duplicates,
            largest: [
              { key: { note: 'n'.repeat(100_000) }, rows: 2, keeper: { id: '1' }, losers: [] },
            ],
          },
        },
      ],
      MADE,
    )
    expect(long.length).toBeLessThan(200_000)
    expect(long).toContain('nnn…')
  })
})

test('a clean table is praised, and a guard that could not be scanned is not left out', () => {
  const coverage = { ...CLEAN.coverage, indexes: [] }
  const text = read(
    renderPage([{ ...CLEAN, coverage, growthUnknown: 'There is no time.' }], MADE, [
      { guard: 'gone', code: 'TABLE_NOT_FOUND', message: 'There is no table gone.' },
    ]),
  )
  expect(text).toContain('No duplicates among 12,345 rows')
  expect(text).toContain('None: the key holds.')
  expect(text).not.toContain('When they were made')
  const { growth: _, ...timeless } = FULL
  const unknown = renderPage([{ ...timeless, growthUnknown: 'No time.' }], MADE)
  expect(read(unknown)).toContain('When they were made Not known: No time.')
  expect(text).toContain('TABLE_NOT_FOUND gone : There is no table gone.')
})

test('several guards have an overview with a link to each', () => {
  const both = renderPage([FULL, CLEAN], MADE)
  expect(both).toContain('<a href="#guard-1">visits</a>')
  expect(both).toContain('id="guard-1"')
})
