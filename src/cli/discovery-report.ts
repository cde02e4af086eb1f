import type { Discovery, Proposal } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, displayWidth, oneLine, printable, some } from './text.ts'

const INDENT = '  '
const WIDEST = 100

/** A text on lines that fit, broken at its spaces. */
function wrapped(text: string, room: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > room) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

const rowsInExcess = ({ duplicates, state }: Proposal): string => {
  if (state === 'enforced') return 'enforced'
  if (!duplicates) return 'not counted'
  return `${duplicates.estimated ? '~' : ''}${count(duplicates.excess)}`
}

function overview(proposals: readonly Proposal[], { colors, columns }: Page): readonly string[] {
  const rows = proposals.map((each) => [
    String(each.score),
    each.table,
    rowsInExcess(each),
    Object.keys(each.key).join(', '),
  ])
  const titles = [
    { title: 'score', align: 'right' as const },
    { title: 'table' },
    { title: 'excess rows', align: 'right' as const },
    { title: 'key' },
  ]
  return table(titles, rows, columns, colors.bold)
}

function section(proposal: Proposal, { colors, columns }: Page): readonly string[] {
  const { score, why, code, key } = proposal
  const room = Math.min(columns, WIDEST) - INDENT.length
  return [
    '',
    `${colors.bold(printable(proposal.table))}  ${score}`,
    ...wrapped(`key ${Object.keys(key).join(', ')}`, room).map((line) => INDENT + line),
    ...why.flatMap((each) =>
      wrapped(each, room - 2).map((line, at) => `${INDENT}${at === 0 ? '- ' : INDENT}${line}`),
    ),
    '',
    ...printable(code)
      .split('\n')
      .map((line) => INDENT + line),
  ]
}

function* endOf({ proposals, more, skipped, tables }: Discovery, { colors, columns }: Page) {
  const room = Math.min(columns, WIDEST)
  if (proposals.length > 0) {
    const imports = [...new Set(proposals.flatMap((each) => each.imports))].sort()
    yield ''
    yield* wrapped('What you agree with goes into `guards` of onceover.config.ts, with:', room)
    yield `import { ${imports.join(', ')} } from 'onceover'`
  }
  if (skipped.length > 0) {
    yield ''
    yield colors.bold(`${some(skipped.length, 'table')} not read, or not in full`)
    for (const { table: name, reason } of skipped) {
      yield* wrapped(`${name}: ${reason}.`, room - 2).map((line) => INDENT + line)
    }
  }
  yield ''
  const rest = more > 0 ? `; ${some(more, 'more proposal')} with a higher --limit` : ''
  yield `${some(tables, 'table')}, ${some(proposals.length, 'proposal')}${rest}.`
}

/** What a look at a database came to, as lines for people. */
export function renderDiscovery(discovery: Discovery, page: Page): readonly string[] {
  const { proposals } = discovery
  const lines = [
    ...(proposals.length > 0 ? overview(proposals, page) : []),
    ...proposals.flatMap((each) => section(each, page)),
    ...endOf(discovery, page),
  ].map((line) => line.trimEnd())
  return lines[0] === '' ? lines.slice(1) : lines
}
