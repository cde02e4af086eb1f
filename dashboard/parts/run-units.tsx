import type { StoredRun } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { RunUnit } from '../contract.ts'
import { Behind } from './behind.tsx'
import { KeyText, valueText } from './key-text.tsx'
import { useLivePages } from './live-pages.ts'
import { Empty, Shown } from './notice.tsx'
import { Pager } from './pager.tsx'
import { State } from './state.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'
import { VerdictFilter } from './verdict-filter.tsx'

/**
 * The units of a run, each with its verdict and a link to its key; narrowed by a verdict that its
 * owner keeps.
 */
export function RunUnits({
  run,
  verdict,
  onVerdict,
}: {
  readonly run: Pick<StoredRun, 'id' | 'guard' | 'totals' | 'reason' | 'cancelReason'>
  readonly verdict: string | undefined
  readonly onVerdict: (verdict: string | undefined) => void
}) {
  const path = apiPath(['runs', run.id, 'units'], { verdict })
  const pages = useLivePages<RunUnit>(
    path,
    (change) => change.kind === 'event' && change.run === run.id,
  )
  return (
    <section class="units" aria-labelledby="units-title">
      <h2 id="units-title">Units</h2>
      <VerdictFilter totals={run.totals} verdict={verdict} onVerdict={onVerdict} />
      <Behind pages={pages} />
      <Shown of={pages.first}>
        {() =>
          pages.items.length === 0 ? (
            <Empty title={verdict ? `No unit is ${verdict}` : 'No unit has a verdict yet'}>
              <p>{verdict ? 'Choose another verdict.' : 'They stand here as they end.'}</p>
            </Empty>
          ) : (
            <>
              <Table
                caption="Units and their verdicts, the latest first"
                columns={columnsOf(run)}
                rows={pages.items}
                keyOf={({ cursor }) => cursor}
              />
              <Pager pages={pages} noun="units" />
            </>
          )
        }
      </Shown>
    </section>
  )
}

const columnsOf = ({
  guard,
  ...run
}: Pick<StoredRun, 'guard' | 'reason' | 'cancelReason'>): readonly Column<RunUnit>[] => [
  { label: 'Verdict', show: ({ verdict }) => <State name={verdict} /> },
  { label: 'Key', wide: true, show: ({ key }) => <KeyText values={key} guard={guard} /> },
  { label: 'Why', show: (unit) => <Why unit={unit} run={run} /> },
  { label: 'When', show: ({ at }) => <Time at={at} /> },
]

function Why({
  unit: { reason, existing },
  run,
}: {
  readonly unit: RunUnit
  readonly run: Pick<StoredRun, 'reason' | 'cancelReason'>
}) {
  // Why the whole run was made, or cancelled, stands above.
  const why = reason === run.reason || reason === run.cancelReason ? null : reason
  if (why === null && existing === null) return <span class="soft">–</span>
  const met = Object.entries(existing ?? {}).map(([name, value]) => `${name} ${valueText(value)}`)
  return (
    <div class="unit-why">
      {why} {met.length > 0 && <span class="soft">met the row {met.join(', ')}</span>}
    </div>
  )
}
