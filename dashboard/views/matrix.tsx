import { useEffect, useMemo, useState } from 'preact/hooks'
import { apiPath } from '../api.ts'
import type { CellState, MatrixPage, MatrixRow } from '../contract.ts'
import { CellKeysDialog, type OpenedCell } from '../parts/cell-keys.tsx'
import { GuardView } from '../parts/guard-view.tsx'
import { Empty, Failure, isToldAbove, Loading } from '../parts/notice.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { Time } from '../parts/time.tsx'
import { route, setQuery } from '../route.ts'
import { isCellState, nameOf, UNDONE } from './matrix/cell-state.ts'
import { Grid } from './matrix/grid.tsx'
import { Legend } from './matrix/legend.tsx'
import { MatrixList } from './matrix/list.tsx'
import { wordsOf } from './matrix/period.ts'
import { type MatrixRows, useMatrixRows } from './matrix/rows.ts'
import { cellsOf, NOTHING, type Picked } from './matrix/selection.ts'
import { SelectionBar } from './matrix/selection-bar.tsx'
import { SpanChoice } from './matrix/span-choice.tsx'

/** Did everyone get theirs? Entities by periods, what is missing, and running it. */
export function Matrix({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const guard = params.guard ?? ''
  const { from, to, q, states, sort } = route.value.query
  const path = apiPath(['guards', guard, 'matrix'], { from, to, q, states, sort })
  const matrix = useMatrixRows(guard, path)
  return (
    <GuardView guard={guard} title="Matrix">
      {matrix.error && !isToldAbove(matrix.error) && (
        <Failure error={matrix.error} retry={matrix.reload} />
      )}
      {!matrix.page && !matrix.error && <Loading lines={12} />}
      {matrix.page && <Shown guard={guard} matrix={matrix} page={matrix.page} />}
    </GuardView>
  )
}

const chosenStates = (): readonly CellState[] =>
  (route.value.query.states ?? '').split(',').filter(isCellState)

function Shown({
  guard,
  matrix,
  page,
}: {
  readonly guard: string
  readonly matrix: MatrixRows
  readonly page: MatrixPage
}) {
  const { q, as } = route.value.query
  const { rows, need } = matrix
  const [picked, setPicked] = useState<Picked>({ kind: 'states', states: UNDONE })
  const [opened, setOpened] = useState<OpenedCell | undefined>()
  const { periods } = page
  const cells = useMemo(() => cellsOf(picked, { rows, periods }), [picked, rows, periods])
  const open = (row: Pick<MatrixRow, 'entity' | 'label'>, period: string) =>
    setOpened({ entity: row.entity, period, title: `${nameOf(row)}, ${wordsOf(period)}` })
  useEscape(() => setPicked(NOTHING))
  const onOpen = (row: MatrixRow, period: string) => open(row, period)
  return (
    <div class={matrix.stale ? 'matrix-view stale' : 'matrix-view'} aria-busy={matrix.stale}>
      <Toolbar page={page} />
      {!page.expected && (
        <p class="soft">
          No generator says what ought to exist, so nothing is shown as missing: only what is there.
        </p>
      )}
      {page.entities === 0 || page.periods.length === 0 ? (
        <Empty title="Nothing is here">
          <p>No entity matches, or the table has no row in this span.</p>
        </Empty>
      ) : as === 'table' ? (
        <MatrixList {...{ guard, page, rows, onOpen }} onMore={() => need(rows.length)} />
      ) : (
        <Grid {...{ guard, page, rows, picked, onOpen, need }} onPick={setPicked} />
      )}
      <p class="soft matrix-foot">
        {page.entities.toLocaleString()} {page.entities === 1 ? 'entity' : 'entities'} ×{' '}
        {page.periods.length} periods, as of <Time at={page.at} />
      </p>
      <SelectionBar
        {...{ guard, page, q, picked, cells }}
        onClear={() => setPicked(NOTHING)}
        onOpen={({ entity, period }) =>
          open(rows.find((row) => row.entity === entity) ?? { entity, label: null }, period)
        }
      />
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

function Toolbar({ page }: { readonly page: MatrixPage }) {
  const { q, sort, as } = route.value.query
  return (
    <div class="matrix-tools">
      <div class="matrix-controls">
        <SearchField
          label={`Find a ${page.entity}`}
          value={q ?? ''}
          onSearch={(text) => setQuery({ q: text })}
        />
        <SpanChoice page={page} />
        <button
          type="button"
          aria-pressed={sort === 'worst'}
          title="Entities with the most missing and failed come first"
          onClick={() => setQuery({ sort: sort === 'worst' ? undefined : 'worst' })}
        >
          Worst first
        </button>
        <button
          type="button"
          aria-pressed={as === 'table'}
          onClick={() => setQuery({ as: as === 'table' ? undefined : 'table' })}
        >
          As a table
        </button>
      </div>
      <Legend
        totals={page.totals}
        chosen={chosenStates()}
        onChoose={(states) => setQuery({ states: states.join(',') })}
      />
    </div>
  )
}

// Escape clears the selection wherever the focus is, unless a dialog takes it.
function useEscape(clear: () => void) {
  useEffect(() => {
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key === 'Escape' && !document.querySelector('dialog[open]')) clear()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  })
}
