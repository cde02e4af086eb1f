import type { StoredRun } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { Change } from '../contract.ts'
import { Behind } from '../parts/behind.tsx'
import { useLivePages } from '../parts/live-pages.ts'
import { Empty, Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { rangeText, runTitle } from '../parts/run-words.ts'
import { State } from '../parts/state.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { lasting, Time } from '../parts/time.tsx'
import { ShareBar, Totals } from '../parts/totals.tsx'
import { href, route } from '../route.ts'
import { mayWrite } from '../session.ts'
import { CancelMatching } from './runs/cancel-matching.tsx'
import { filterOf, OPEN_STATES, type RunFilter } from './runs/run-filter.ts'
import { RunFilters } from './runs/run-filters.tsx'

const concerning =
  ({ guard }: RunFilter) =>
  (change: Change): boolean =>
    (change.kind === 'run' || change.kind === 'event') &&
    (guard === undefined || change.guard === guard)

/** Every run: who asked for what, how it stands and what it came to. */
export function Runs() {
  const filter = filterOf(route.value.query)
  const pages = useLivePages<StoredRun>(apiPath(['runs'], { ...filter }), concerning(filter))
  const { first, items } = pages
  const mayCancel =
    mayWrite() && OPEN_STATES.some((each) => filter.state === undefined || filter.state === each)
  return (
    <View
      title="Runs"
      actions={
        <>
          {mayCancel && <CancelMatching filter={filter} />}
          <a class="button" href={href(['create'], { guard: filter.guard })}>
            Create
          </a>
        </>
      }
    >
      <RunFilters filter={filter} />
      <Behind pages={pages} />
      <Shown of={first}>
        {() =>
          items.length === 0 ? (
            <Nothing filter={filter} />
          ) : (
            <>
              <Table caption="Runs, newest first" columns={COLUMNS} rows={items} keyOf={idOf} />
              <Pager pages={pages} noun="runs" />
            </>
          )
        }
      </Shown>
    </View>
  )
}

const idOf = ({ id }: StoredRun): string => id

const COLUMNS: readonly Column<StoredRun>[] = [
  { label: 'State', show: ({ state }) => <State name={state} /> },
  { label: 'Run', wide: true, show: (run) => <RunName run={run} /> },
  {
    label: 'Guard',
    show: ({ guard }) => (
      <a class="quiet-link" href={href(['guards', guard])}>
        {guard}
      </a>
    ),
  },
  { label: 'Verdicts', show: ({ totals }) => <Verdicts totals={totals} /> },
  { label: 'Started', show: ({ startedAt }) => <Time at={startedAt} /> },
  { label: 'Took', number: true, show: (run) => <Took run={run} /> },
]

function RunName({ run }: { readonly run: StoredRun }) {
  const { id, actor, policy, range } = run
  const about = [actor, policy !== 'skip' && policy, range && rangeText(range)].filter(Boolean)
  return (
    <div class="run-name">
      <a href={href(['runs', id])}>{runTitle(run)}</a>
      <span class="soft">{about.join(' · ')}</span>
    </div>
  )
}

function Verdicts({ totals }: Pick<StoredRun, 'totals'>) {
  return (
    <div class="verdicts">
      <ShareBar of={totals} />
      <Totals of={totals} />
    </div>
  )
}

function Took({ run: { state, startedAt, finishedAt } }: { readonly run: StoredRun }) {
  if (finishedAt === null && state !== 'running') return <span class="soft">–</span>
  return <>{lasting(startedAt, finishedAt)}</>
}

function Nothing({ filter }: { readonly filter: RunFilter }) {
  const narrowed = Object.values(filter).some((each) => each !== undefined)
  return (
    <Empty title={narrowed ? 'No run matches' : 'Nothing has run yet'}>
      {narrowed ? (
        <p>
          Widen the filter, or <a href={href(['runs'])}>see all runs</a>.
        </p>
      ) : (
        <p>
          Runs stand here as soon as the application makes rows with Onceover.{' '}
          <a href={href(['create'])}>Create some</a> to see one.
        </p>
      )}
    </Empty>
  )
}
