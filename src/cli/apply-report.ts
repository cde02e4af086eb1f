import type { Applied, RepairProgress, StoredRepair, Undone } from '../index.ts'
import type { Page } from './output.ts'
import { table } from './table.ts'
import { count, oneLine, seconds, some, span } from './text.ts'

const INDENT = '  '
const PERCENT = 100
const SECOND_MS = 1000

/** The progress of an apply on one line; `begun` is how many losers were settled before it. */
export function applyLine(
  { done, rows, batchMs }: RepairProgress,
  begun: number,
  tookMs: number,
): string {
  const perMs = tookMs > 0 ? (done - begun) / tookMs : 0
  const parts = [
    `${count(done)} of ${count(rows)} (${Math.floor((done / rows) * PERCENT)} %)`,
    `${Math.round(batchMs)} ms a batch`,
    ...(perMs > 0 ? [`${count(Math.round(perMs * SECOND_MS))}/s`] : []),
    ...(perMs > 0 && done < rows ? [`${span((rows - done) / perMs)} left`] : []),
  ]
  return parts.join('  ')
}

const figures = (lines: readonly (readonly [name: string, value: number])[]): readonly string[] => {
  const cells = lines.filter(([, value]) => value > 0).map(([name, value]) => [name, count(value)])
  return table([{ title: '' }, { title: '', align: 'right' }], cells).slice(1)
}

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : INDENT + line))

function reasons({ why }: Applied, { colors, columns }: Page): readonly string[] {
  const found = Object.entries(why)
  if (found.length === 0) return []
  const titles = [{ title: 'left', align: 'right' as const }, { title: 'why' }]
  const rows = found.map(([reason, losers]) => [count(losers), WHY[reason] ?? reason])
  return ['', ...table(titles, rows, columns - INDENT.length, colors.bold)]
}

const WHY: Readonly<Record<string, string>> = {
  gone: 'it is gone, or outside `where`',
  changed: 'it changed since it was planned',
  keeper: 'its keeper is gone, changed its key, or is no longer the first',
}

/** How many losers are settled: removed, set, or left for a reason. */
export const settledOf = ({
  removed,
  changed,
  skipped,
}: Pick<StoredRepair, 'removed' | 'changed' | 'skipped'>): number => removed + changed + skipped

// The figures are of the whole repair; the time is of this apply alone.
function ending(applied: Applied, tookMs: number, before: StoredRepair | undefined): string {
  if (before?.state === 'applied') {
    return `was applied already at ${seconds(before.appliedAt ?? '')}, nothing was done`
  }
  const ended = applied.state === 'applied' ? 'applied' : 'not applied to its end'
  const earlier = before ? settledOf(before) : 0
  const took = `${(tookMs / SECOND_MS).toFixed(1)} s`
  if (earlier === 0) return `${ended} in ${took}`
  const now = some(settledOf(applied) - earlier, 'row')
  return `${ended}; ${now} in ${took}, ${count(earlier)} before`
}

/**
 * What applying a plan came to, as lines for people.
 *
 * @param before the repair as this apply found it
 */
export function renderApplied(
  applied: Applied,
  tookMs: number,
  before: StoredRepair | undefined,
  page: Page,
): readonly string[] {
  const { repair, rows, removed, changed, skipped, moved, dropped, left } = applied
  const { bold, green, yellow } = page.colors
  const open = rows - settledOf(applied)
  return [
    `${bold(`repair ${repair}`)}  ${ending(applied, tookMs, before)}`,
    ...indented([
      ...figures([
        ['rows deleted', removed],
        ['rows set', changed],
        ['rows of children sent to keepers', moved],
        ['rows of children deleted', dropped],
        ['rows left as they are', skipped],
        ['rows still to do', open],
      ]),
      ...reasons(applied, page),
      '',
      left.groups === 0
        ? green('No duplicates are left.')
        : yellow(
            `${some(left.excess, 'duplicate')} in ${some(left.groups, 'group')} ` +
              `${left.excess === 1 ? 'is' : 'are'} left.`,
          ),
    ]),
  ]
}

/** What an undo is about to restore, in one sentence. */
export function restoration({ id, guard, table: name, ...repair }: StoredRepair): string {
  const { removed, changed, moved, dropped } = repair
  const parts = [
    ...(removed + dropped > 0 ? [`put back ${some(removed + dropped, 'row')}`] : []),
    ...(moved + changed > 0 ? [`give ${some(moved + changed, 'row')} their old values`] : []),
  ]
  const what = parts.join(' and ') || 'change nothing'
  const on = `${oneLine(guard)} on ${name.replaceAll('"', '')}`
  return `Undoing the repair ${id} of ${on} will ${what}.`
}

/** What an undo came to, as lines for people. */
export function renderUndone(undone: Undone, { colors }: Page): readonly string[] {
  const { repair, restored, reverted, changedSince } = undone
  return [
    `${colors.bold(`repair ${repair}`)}  undone`,
    ...indented(
      figures([
        ['rows put back', restored],
        ['rows with their old values', reverted],
        ['rows changed since, left as they are', changedSince],
      ]),
    ),
  ]
}
