import type { RepairState, StoredRepair } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { Change } from '../contract.ts'
import { Behind } from '../parts/behind.tsx'
import { useLivePages } from '../parts/live-pages.ts'
import { Empty, Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { some } from '../parts/prose.tsx'
import { labelOf, State } from '../parts/state.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { href, route, setQuery } from '../route.ts'
import { guards } from '../session.ts'

const concerns = (change: Change): boolean => change.kind === 'repair'

/** Every repair: what was planned, by whom and why, and what it came to. */
export function Repairs() {
  const { guard, state } = route.value.query
  const pages = useLivePages<StoredRepair>(apiPath(['repairs'], { guard, state }), concerns)
  const { first, items } = pages
  return (
    <View title="Repairs">
      <Filters guard={guard} state={state} />
      <Behind pages={pages} />
      <Shown of={first}>
        {() =>
          items.length === 0 ? (
            <Nothing narrowed={guard !== undefined || state !== undefined} />
          ) : (
            <>
              <Table caption="Repairs, newest first" columns={COLUMNS} rows={items} keyOf={idOf} />
              <Pager pages={pages} noun="repairs" />
            </>
          )
        }
      </Shown>
    </View>
  )
}

const idOf = ({ id }: StoredRepair): string => id

const STATES: readonly RepairState[] = ['planned', 'applying', 'applied', 'undone']

function Filters({
  guard,
  state,
}: {
  readonly guard: string | undefined
  readonly state: string | undefined
}) {
  return (
    <div class="filters">
      <label class="field">
        <span>Guard</span>
        <select
          value={guard ?? ''}
          onChange={({ currentTarget }) => setQuery({ guard: currentTarget.value })}
        >
          <option value="">All</option>
          {guards.value.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>State</span>
        <select
          value={state ?? ''}
          onChange={({ currentTarget }) => setQuery({ state: currentTarget.value })}
        >
          <option value="">All</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {labelOf(each)}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

const COLUMNS: readonly Column<StoredRepair>[] = [
  { label: 'State', show: ({ state }) => <State name={state} /> },
  { label: 'Repair', wide: true, show: (repair) => <Name repair={repair} /> },
  {
    label: 'Guard',
    show: ({ guard }) => (
      <a class="quiet-link" href={href(['guards', guard])}>
        {guard}
      </a>
    ),
  },
  { label: 'Rows', number: true, show: ({ plan }) => plan.rows.toLocaleString() },
  { label: 'Done', number: true, show: (repair) => doneOf(repair).toLocaleString() },
  { label: 'Left out', number: true, show: ({ skipped }) => skipped.toLocaleString() },
  { label: 'Planned', show: ({ plannedAt }) => <Time at={plannedAt} /> },
]

const doneOf = ({ removed, changed }: StoredRepair): number => removed + changed

function Name({ repair }: { readonly repair: StoredRepair }) {
  const { id, plan, actor, reason } = repair
  return (
    <div class="run-name">
      <a href={href(['repairs', id])}>
        Repair {id}: {some(plan.rows, 'row')} of {some(plan.groups, 'key')}
      </a>
      <span class="soft">{[actor, reason].filter(Boolean).join(' · ')}</span>
    </div>
  )
}

function Nothing({ narrowed }: { readonly narrowed: boolean }) {
  return (
    <Empty title={narrowed ? 'No repair matches' : 'Nothing was repaired yet'}>
      {narrowed ? (
        <p>
          Widen the filter, or <a href={href(['repairs'])}>see all repairs</a>.
        </p>
      ) : (
        <p>
          Where a guard has duplicates, its page “Duplicates” plans a repair. It stands here from
          then on, also after it was undone. <a href={href([])}>All guards</a>
        </p>
      )}
    </Empty>
  )
}
