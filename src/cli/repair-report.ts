import type { DuplicateGroup, PlannedChild, RepairPlan, StoredRepair } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, oneLine, printable, seconds, some, span, wrapped } from './text.ts'
import { words } from './words.ts'

const INDENT = '  '
const SHOWN_GROUPS = 3

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : INDENT + line))

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const
const UNIT = 1024

// Bytes as people read them: `12 MB`.
function size(bytes: number): string {
  let value = bytes
  let at = 0
  for (; value >= UNIT && at < UNITS.length - 1; at++) value /= UNIT
  return `${count(Math.ceil(value))} ${UNITS[at]}`
}

const SECOND_MS = 1000

const duration = (ms: number): string => (ms < SECOND_MS ? 'under 1 s' : `about ${span(ms)}`)

/** What becomes of losers, in words: `deleted`, or `set to status=PAUSED`. */
export const fateOf = ({ losers }: Pick<RepairPlan, 'losers'>): string =>
  losers === 'delete' ? 'deleted' : `set to ${words(losers.set)}`

const POLICIES = {
  repoint: 'go to the keeper',
  delete: 'are deleted',
  refuse: 'are refused',
} as const

const COLLISIONS = { refuse: 'refused', drop: 'deleted', merge: 'merged' } as const

const policyOf = ({ policy, collision, collisions }: PlannedChild): string =>
  collisions === 0
    ? POLICIES[policy]
    : `${POLICIES[policy]}; ${COLLISIONS[collision]}: ${count(collisions)} that collide`

function children({ children: all }: RepairPlan, { colors, columns }: Page): readonly string[] {
  if (all.length === 0) return []
  const rows = all.map((child) => [
    child.rows === null ? 'on the way' : count(child.rows),
    `${child.table.replaceAll('"', '')} by ${child.columns.join(', ')}`,
    policyOf(child),
  ])
  const titles = [
    { title: 'children', align: 'right' as const },
    { title: 'of table' },
    { title: 'what they do', yields: 'last' as const },
  ]
  return ['', ...table(titles, rows, columns - INDENT.length, colors.bold)]
}

function group({ key, keeper, losers, rows }: DuplicateGroup, { colors, columns }: Page) {
  const names = Object.keys(keeper)
  const valuesOf = (row: DuplicateGroup['keeper']) =>
    names.map((name) => String(row[name] ?? 'NULL'))
  const [head = '', keep = '', ...remove] = table(
    ['', ...names].map((title) => ({ title })),
    [['keep', ...valuesOf(keeper)], ...losers.map((row) => ['remove', ...valuesOf(row)])],
    columns - 2 * INDENT.length,
  )
  const unseen = rows - 1 - losers.length
  return [
    '',
    `${colors.bold(oneLine(words(key)))}  ${some(rows, 'row')}`,
    ...[colors.dim(head), colors.green(keep), ...remove.map((line) => colors.red(line))].map(
      (line) => INDENT + line,
    ),
    ...(unseen > 0 ? [`${INDENT}… ${count(unseen)} more`] : []),
  ]
}

function largest(plan: RepairPlan, page: Page): readonly string[] {
  const shown = plan.largest.slice(0, SHOWN_GROUPS)
  const unseen = plan.groups - shown.length
  return [
    ...shown.flatMap((each) => group(each, page)),
    ...(unseen > 0 ? ['', `and ${some(unseen, 'group')} more`] : []),
  ]
}

function warnings({ hazards, suspects }: RepairPlan, { colors, columns }: Page) {
  const room = columns - INDENT.length
  return hazards.flatMap(({ code, message, fix }) => {
    const [first = '', ...rest] = wrapped(`${code}  ${oneLine(message)}`, room, INDENT)
    const keys = suspects.first.map((row) => oneLine(words(row))).join(' · ')
    return [
      '',
      colors.yellow(first.slice(0, code.length)) + first.slice(code.length),
      ...rest,
      ...(code === 'suspect_keepers' ? wrapped(INDENT + keys, room, INDENT) : []),
      ...wrapped(`${INDENT}fix  ${oneLine(fix)}`, room, INDENT.repeat(2)),
    ]
  })
}

const locks = ({ predicted }: RepairPlan, { colors, columns }: Page): readonly string[] => [
  '',
  colors.bold('locks'),
  ...predicted.locks.flatMap((lock) =>
    wrapped(oneLine(lock.replaceAll('"', '')), columns - INDENT.length, INDENT),
  ),
]

const facts = (plan: RepairPlan, does: string): readonly (readonly [string, string])[] => [
  ['duplicate groups', count(plan.groups)],
  [plan.losers === 'delete' ? 'rows that go' : 'rows that change', count(plan.rows)],
  ['they are', does],
  ['kept of each group', `the first by ${plan.keep.join(', ')}`],
  ...(plan.where === null ? [] : [['where', plan.where] as const]),
  [
    'takes',
    `${duration(plan.predicted.durationMs)}, ` +
      `about ${size(plan.predicted.walBytes)} of write-ahead log`,
  ],
]

/** What a plan would do, as lines for people. */
export function renderPlan(plan: RepairPlan, page: Page): readonly string[] {
  const { repair, guard, table: name, target } = plan
  const of = printable(`${guard} on ${name.replaceAll('"', '')}`)
  const cells = facts(plan, fateOf(plan)).map((pair) => [...pair])
  return [
    `${page.colors.bold(`repair ${repair}`.trimEnd())}  ${of}`,
    ...indented([
      target,
      '',
      ...table([{ title: '' }, { title: '' }], cells, page.columns - INDENT.length).slice(1),
      ...children(plan, page),
      ...warnings(plan, page),
      ...locks(plan, page),
      ...largest(plan, page),
    ]),
    '',
  ]
}

function childInWords({ rows, table: name, policy, collision, collisions }: PlannedChild): string {
  const of = `${some(rows ?? 0, 'row')} of ${name.replaceAll('"', '')}`
  if (collisions === 0) return `${of} ${POLICIES[policy]}`
  const collided = `are ${COLLISIONS[collision]}`
  return collisions === rows
    ? `${of} ${collided}`
    : `${of} ${POLICIES[policy]}, but ${count(collisions)} ${collided}`
}

/** What applying a plan does, in one sentence. */
export function intention(plan: RepairPlan): string {
  const does = plan.losers === 'delete' ? 'deletes' : 'sets'
  const what = `${does} ${some(plan.rows, 'row')} of ${plan.table.replaceAll('"', '')}`
  const moved = plan.children.filter(({ rows }) => rows !== null && rows > 0).map(childInWords)
  return [`The repair ${plan.repair} of ${plan.guard} ${what}`, ...moved].join('; ')
}

const toDo = ({ state, plan, removed, changed, skipped }: StoredRepair): number =>
  state === 'undone' ? 0 : plan.rows - removed - changed - skipped

/** Repairs as a table. */
export function renderRepairs(
  repairs: readonly StoredRepair[],
  { colors, columns }: Page,
): readonly string[] {
  const titles = [
    { title: 'repair', align: 'right' as const },
    { title: 'guard' },
    { title: 'state' },
    { title: 'rows', align: 'right' as const },
    { title: 'done', align: 'right' as const },
    { title: 'skipped', align: 'right' as const },
    { title: 'to do', align: 'right' as const },
    { title: 'planned' },
    { title: 'by' },
  ]
  const rows = repairs.map((repair) => [
    ...[repair.id, repair.guard, repair.state, count(repair.plan.rows)],
    ...[count(repair.removed + repair.changed), count(repair.skipped), count(toDo(repair))],
    ...[seconds(repair.plannedAt), repair.actor ?? ''],
  ])
  return table(titles, rows, columns, colors.bold)
}
