import { useState } from 'preact/hooks'
import { apiPath } from '../api.ts'
import type { MatrixPage, MatrixRow } from '../contract.ts'
import { CellKeysDialog, type OpenedCell } from '../parts/cell-keys.tsx'
import { GuardView } from '../parts/guard-view.tsx'
import { Empty, Shown } from '../parts/notice.tsx'
import { Totals } from '../parts/totals.tsx'
import { ofGuard, useResource } from '../resource.ts'
import { href, route } from '../route.ts'
import { nameOf } from './matrix/cell-state.ts'
import { Month, PeriodList } from './matrix/month.tsx'
import { areDays, dayOf, isoDay, plusDays, wordsOf } from './matrix/period.ts'
import { SpanChoice } from './matrix/span-choice.tsx'

const HALF_A_YEAR = 182

/** One entity over a longer time, month by month. */
export function Calendar({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const guard = params.guard ?? ''
  const { entity, from, to } = route.value.query
  // Of the default span only its end is of interest: it tells how far back to look.
  const end = useResource<MatrixPage>(
    from ? null : apiPath(['guards', guard, 'matrix'], { entity, limit: 1 }),
  )
  const span = from ? { from, to } : spanBefore(end.data)
  const path = span && apiPath(['guards', guard, 'matrix'], { entity, ...span, limit: 1 })
  const year = useResource<MatrixPage>(path ?? null, ofGuard(guard))
  return (
    <GuardView guard={guard} title="Calendar">
      <Shown of={end.error ? end : year}>{(page) => <Year guard={guard} page={page} />}</Shown>
    </GuardView>
  )
}

function spanBefore(page: MatrixPage | undefined) {
  if (!page) return undefined
  const last = page.to === null ? undefined : dayOf(page.to)
  if (!last) return {}
  return { from: isoDay(plusDays(last, 1 - HALF_A_YEAR)), to: isoDay(last) }
}

function Year({ guard, page }: { readonly guard: string; readonly page: MatrixPage }) {
  const [opened, setOpened] = useState<OpenedCell | undefined>()
  const [row] = page.rows
  if (!row) {
    return (
      <Empty title="Nothing of this entity is here">
        <p>
          <a href={href(['guards', guard, 'matrix'])}>The whole matrix</a>
        </p>
      </Empty>
    )
  }
  const open = (period: string) =>
    setOpened({ entity: row.entity, period, title: `${nameOf(row)}, ${wordsOf(period)}` })
  return (
    <div class="matrix-view">
      <div class="calendar-head">
        <h2>{nameOf(row)}</h2>
        {row.label && row.entity && <code class="soft">{row.entity}</code>}
        <Totals of={page.totals} />
        <a href={href(['guards', guard, 'matrix'], { q: nameOf(row) })}>In the matrix</a>
      </div>
      <SpanChoice page={page} />
      <Periods page={page} row={row} onOpen={open} />
      {opened && (
        <CellKeysDialog
          guard={guard}
          cell={opened}
          from={page.from}
          to={page.to}
          onClose={() => setOpened(undefined)}
        />
      )}
    </div>
  )
}

function Periods({
  page: { periods },
  row,
  onOpen,
}: {
  readonly page: MatrixPage
  readonly row: MatrixRow
  readonly onOpen: (period: string) => void
}) {
  if (!areDays(periods)) return <PeriodList periods={periods} row={row} onOpen={onOpen} />
  const months = [...new Set(periods.map((period) => period.slice(0, 7)))].reverse()
  return (
    <div class="months">
      {months.map((month) => (
        <Month key={month} month={month} periods={periods} row={row} onOpen={onOpen} />
      ))}
    </div>
  )
}
