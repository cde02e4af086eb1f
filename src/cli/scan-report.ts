import type { DuplicateGroup, ScanReport } from '../index.ts'
import { renderGrowth } from './growth-report.ts'
import type { Page } from './output.ts'
import { renderOverlaps } from './overlap-report.ts'
import { table } from './table.ts'
import { count, oneLine, printable, some, wrapped } from './text.ts'
import { words } from './words.ts'

const INDENT = '  '

const indented = (lines: Iterable<string>): string[] => [...lines].map((line) => INDENT + line)

const removed = ({ rows, losers }: DuplicateGroup): string => {
  const unseen = rows - 1 - losers.length
  const more = unseen > 0 ? [`… ${count(unseen)} more`] : []
  return [...losers.map(words), ...more].join(' · ')
}

function figures({ rows, duplicates, hidden, unfinished }: ScanReport, { columns }: Page) {
  const lines: [name: string, value: number][] = [
    ['rows', rows],
    ['duplicate groups', duplicates.groups],
    ['excess rows', duplicates.excess],
  ]
  if (hidden.groups > 0) lines.push(['groups hidden by spelling', hidden.groups])
  if (unfinished > 0) lines.push(['unfinished rows', unfinished])
  const cells = lines.map(([name, value]) => [name, count(value)])
  return table([{ title: '' }, { title: '', align: 'right' }], cells, columns).slice(1)
}

function largest({ duplicates }: ScanReport, { colors, columns }: Page): readonly string[] {
  if (duplicates.largest.length === 0) return []
  const rows = duplicates.largest.map((group) => [
    count(group.rows),
    words(group.key),
    words(group.keeper),
    removed(group),
  ])
  const titles = [
    { title: 'rows', align: 'right' as const },
    { title: 'key', yields: 'last' as const },
    { title: 'keep' },
    { title: 'remove' },
  ]
  const unseen = duplicates.groups - duplicates.largest.length
  return [
    '',
    ...table(titles, rows, columns - INDENT.length, colors.bold),
    ...(unseen > 0 ? [`and ${some(unseen, 'smaller group')}`] : []),
  ]
}

const excess = ({ groups, excess: rows }: { groups: number; excess: number }): string =>
  `${some(groups, 'group')} and ${some(rows, 'excess row')}`

function nullParts({ parts, nulls }: ScanReport, { colors, columns }: Page): readonly string[] {
  const found = parts.filter((part) => part.nulls > 0)
  if (found.length === 0) return []
  const rows = found.map(({ name, nulls: each, declared }) => [count(each), name, declared])
  const titles = [
    { title: 'NULLs', align: 'right' as const },
    { title: 'part' },
    { title: 'declared' },
  ]
  return [
    '',
    ...table(titles, rows, columns - INDENT.length, colors.bold),
    `Were NULL equal to NULL: ${excess(nulls.equal)}.`,
    `As a unique index sees it: ${excess(nulls.distinct)}.`,
    `It does not see ${some(nulls.gapExcess, 'excess row')}.`,
  ]
}

function findings(
  { findings: all, coverage }: ScanReport,
  { colors, columns }: Page,
): readonly string[] {
  if (all.length > 0) {
    const room = columns - INDENT.length
    return all.flatMap(({ code, message, fix }) => {
      const [first = '', ...rest] = wrapped(`${code}  ${oneLine(message)}`, room, INDENT)
      const [head = '', ...tail] = wrapped(`fix  ${oneLine(fix)}`, room - INDENT.length, INDENT)
      return [
        '',
        colors.red(code) + first.slice(code.length),
        ...rest,
        ...[head, ...tail].map((line) => INDENT + line),
      ]
    })
  }
  const [index] = coverage.indexes
  const why = index
    ? `${index.name} enforces the key`
    : 'whether an index enforces the key, this role may not ask'
  return ['', `${colors.green('no findings')}  ${why}.`]
}

/** A scan's report as lines for people. */
export function renderScan(report: ScanReport, page: Page): readonly string[] {
  const { guard, table: name, target, where } = report
  const inner = { ...page, columns: page.columns - INDENT.length }
  const title = guard === name || name.endsWith(`.${guard}`) ? name : `${guard}  ${name}`
  return [
    page.colors.bold(printable(title)),
    ...indented([
      target,
      ...(where === undefined ? [] : [`where ${oneLine(where)}`]),
      '',
      ...figures(report, page),
      ...largest(report, page),
      ...renderOverlaps(report, inner),
      ...renderGrowth(report, inner),
      ...nullParts(report, page),
      ...findings(report, page),
    ]),
    '',
  ].map((line) => line.trimEnd())
}
