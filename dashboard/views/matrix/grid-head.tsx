import type { MatrixPage } from '../../contract.ts'
import { Glyph } from '../../parts/state.tsx'
import { inWords } from './cell-state.ts'
import { type Geometry, px } from './geometry.ts'
import { headOf, isWeekend, monthAt, wordsOf } from './period.ts'

/** The head of the grid: the periods, and how much of each is not as it should be. */
export function GridHead({
  page,
  columns,
  first,
  measures,
}: {
  readonly page: MatrixPage
  /** The first column that is wholly in sight: it says the month. */
  readonly first: number
  /** The places of the columns in sight. */
  readonly columns: readonly number[]
  readonly measures: Geometry
}) {
  return (
    <div class="matrix-head" role="row" aria-rowindex={1} style={{ height: px(measures.head) }}>
      <div
        class="matrix-corner"
        role="columnheader"
        aria-colindex={1}
        style={{ width: px(measures.name) }}
      >
        {page.entity}
      </div>
      {columns.map((column) => (
        <ColumnHead key={column} {...{ page, column, first, measures }} />
      ))}
    </div>
  )
}

function ColumnHead({
  page,
  column,
  first,
  measures,
}: {
  readonly page: MatrixPage
  readonly column: number
  readonly first: number
  readonly measures: Geometry
}) {
  const period = page.periods[column] ?? ''
  const counts = page.byPeriod[column] ?? {}
  const words = `${wordsOf(period)}: ${inWords(counts)}`
  const { missing = 0, failed = 0, duplicate = 0, done = 0 } = counts
  const wrong = missing + failed + duplicate
  const month = monthAt(page.periods, column, { first, width: measures.column })
  const tone = failed > 0 ? 'bad' : missing > 0 ? 'warn' : 'note'
  return (
    <div
      class={isWeekend(period) ? 'matrix-period weekend' : 'matrix-period'}
      role="columnheader"
      aria-colindex={column + 2}
      aria-label={words}
      title={words}
      style={{ left: px(measures.name + column * measures.column), width: px(measures.column) }}
    >
      {month && <span class="month">{month}</span>}
      <span class="period">{headOf(period)}</span>
      <span class={wrong > 0 ? `wrong ink-${tone}` : 'wrong'}>
        {wrong > 0 ? short(wrong) : done > 0 && <Glyph name="check" tone="good" />}
      </span>
    </div>
  )
}

const short = (count: number): string =>
  count < 1000 ? String(count) : count < 10_000 ? `${(count / 1000).toFixed(1)}k` : '9k+'
