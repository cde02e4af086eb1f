import { useEffect } from 'preact/hooks'
import { apiPath } from '../api.ts'
import type { GuardSummary, Page } from '../contract.ts'
import { Empty, Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { State } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { Totals } from '../parts/totals.tsx'
import { useResource } from '../resource.ts'
import { href } from '../route.ts'
import { guards } from '../session.ts'

/** The home: every guard, how it stands, what needs a look, and its last run. */
export function Overview() {
  const list = useResource<Page<GuardSummary>>(apiPath(['guards']), () => true)
  const { data } = list
  useEffect(() => {
    if (data) guards.value = data.items
  }, [data])
  return (
    <View title="Guards">
      <Shown of={list}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No guard is declared">
              <p>Give the server the guards of the application to see them here.</p>
            </Empty>
          ) : (
            <ul class="guards">
              {items.map((guard) => (
                <GuardCard key={guard.name} guard={guard} />
              ))}
            </ul>
          )
        }
      </Shown>
    </View>
  )
}

function GuardCard({ guard }: { readonly guard: GuardSummary }) {
  const { name, table, key, matrix, enforced, error, underway } = guard
  const state = error ? 'error' : enforced ? 'enforced' : 'not enforced'
  return (
    <li class="guard-card">
      <div class="guard-name">
        <a href={href(['guards', name, ...(matrix ? ['matrix'] : [])])}>{name}</a>
        <State name={state} quiet />
      </div>
      <p class="soft">
        one row of <code>{table}</code> for each <code>{key.join(', ')}</code>
      </p>
      {error && (
        <p class="ink-bad">
          {error.detail} {error.fix} <code>{error.code}</code>
        </p>
      )}
      <Attention guard={guard} />
      {underway && !underway.endedAt && (
        <p class="soft">
          <State name="running" quiet /> {underway.what} since <Time at={underway.startedAt} />
        </p>
      )}
      <LastRun guard={guard} />
      <Links guard={guard} />
    </li>
  )
}

const CAP = 1000
const atMost = (count: number): string => (count >= CAP ? `${CAP}+` : String(count))

function Attention({ guard: { counts } }: { readonly guard: GuardSummary }) {
  const found = (['failed', 'exhausted', 'claimed', 'cancelled'] as const).filter(
    (state) => counts[state] > 0,
  )
  if (found.length === 0) return null
  return (
    <p class="states">
      {found.map((state) => (
        <State key={state} name={state} count={atMost(counts[state])} />
      ))}
    </p>
  )
}

function LastRun({ guard: { lastRun } }: { readonly guard: GuardSummary }) {
  if (!lastRun) return <p class="soft last-run">No run is recorded.</p>
  return (
    <p class="last-run">
      <a href={href(['runs', lastRun.id])}>
        <State name={lastRun.state} quiet /> <Time at={lastRun.startedAt} />
      </a>
      <span class="soft">{lastRun.reason ?? lastRun.actor}</span>
      <Totals of={lastRun.totals} />
    </p>
  )
}

function Links({ guard: { name, matrix } }: { readonly guard: GuardSummary }) {
  return (
    <p class="links">
      {matrix && <a href={href(['guards', name, 'matrix'])}>Matrix</a>}
      <a href={href(['guards', name])}>Guard</a>
      <a href={href(['guards', name, 'duplicates'])}>Duplicates</a>
      <a href={href(['guards', name, 'create'])}>Create</a>
      <a href={href(['audit'], { guard: name })}>Audit</a>
    </p>
  )
}
