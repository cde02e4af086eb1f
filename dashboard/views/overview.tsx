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
                <GuardLine key={guard.name} guard={guard} />
              ))}
            </ul>
          )
        }
      </Shown>
    </View>
  )
}

function GuardLine({ guard }: { readonly guard: GuardSummary }) {
  const { name, table, key, matrix, enforced, error } = guard
  const state = error ? 'error' : enforced ? 'enforced' : 'not enforced'
  return (
    <li class="guard-line">
      <div>
        <p class="guard-name">
          <a href={href(['guards', name, ...(matrix ? ['matrix'] : [])])}>{name}</a>
          <State name={state} quiet />
        </p>
        <p class="soft">
          one row of <code>{table}</code> for each <code>{key.join(', ')}</code>
        </p>
        {error && (
          <p class="ink-bad">
            {error.detail} {error.fix} <code>{error.code}</code>
          </p>
        )}
      </div>
      <Attention guard={guard} />
      <LastRun guard={guard} />
    </li>
  )
}

const CAP = 1000
const atMost = (count: number): string => (count >= CAP ? `${CAP}+` : String(count))

// What a person may have to look at; what is under way is not yet among it.
function Attention({ guard: { name, counts, underway } }: { readonly guard: GuardSummary }) {
  const found = (['failed', 'exhausted', 'claimed', 'cancelled'] as const).filter(
    (state) => counts[state] > 0,
  )
  const works = underway && underway.endedAt === null && underway.what !== 'run'
  return (
    <div class="states">
      {works && <State name="running" label={`${underway.what} under way`} />}
      {underway?.error && (
        <State name="failed" label={`${underway.what}: ${underway.error.code}`} />
      )}
      {found.map((state) => (
        <a key={state} href={href(['guards', name, 'matrix'], { states: state })}>
          <State name={state} count={atMost(counts[state])} />
        </a>
      ))}
    </div>
  )
}

function LastRun({ guard: { lastRun } }: { readonly guard: GuardSummary }) {
  if (!lastRun) return <div class="soft">No run yet</div>
  return (
    <div class="last-run">
      <p>
        <a href={href(['runs', lastRun.id])}>
          <State name={lastRun.state} quiet /> <Time at={lastRun.startedAt} />
        </a>{' '}
        <span class="soft">{lastRun.reason ?? lastRun.actor}</span>
      </p>
      <Totals of={lastRun.totals} />
    </div>
  )
}
