import { useState } from 'preact/hooks'
import type { StoredEvent } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { Change } from '../contract.ts'
import { Behind } from '../parts/behind.tsx'
import { type LivePages, useLivePages } from '../parts/live-pages.ts'
import { Empty, Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { Time } from '../parts/time.tsx'
import { say } from '../parts/toast.tsx'
import { go, href, route } from '../route.ts'
import { guards } from '../session.ts'
import { csvOf, download } from './audit/csv.ts'
import { EventTable } from './audit/event-table.tsx'
import { SearchBox } from './audit/search-box.tsx'
import { queryOf, type Term, termsOfQuery } from './audit/terms.ts'

// What can be told of a change before it is asked for; the rest the server decides.
const concerning =
  (terms: readonly Term[]) =>
  (change: Change): boolean =>
    change.kind === 'event' &&
    terms.every(
      ({ name, value }) =>
        !['guard', 'verdict', 'actor', 'run'].includes(name) || change[name] === value,
    )

/** What happened to every key: searched, followed as it goes on, and taken along as CSV. */
export function Audit() {
  const [held, setHeld] = useState(false)
  const terms = termsOfQuery(route.value.query)
  const path = apiPath(['events'], queryOf(terms))
  const pages = useLivePages<StoredEvent>(path, concerning(terms), held)
  const { first, items } = pages
  return (
    <View
      title="Audit"
      actions={
        <>
          <button type="button" onClick={() => setHeld(!held)}>
            {held ? 'Follow again' : 'Hold still'}
          </button>
          <button type="button" disabled={items.length === 0} onClick={() => take(items)}>
            Export CSV
          </button>
        </>
      }
    >
      <SearchBox
        terms={terms}
        known={{ guards: guards.value, events: items }}
        onTerms={(next) => go(['audit'], queryOf(next))}
      />
      <Behind pages={pages} />
      <Shown of={first}>
        {() =>
          items.length === 0 ? (
            <Nothing pages={pages} narrowed={terms.length > 0} />
          ) : (
            <>
              <EventTable events={items} />
              <Pager pages={pages} noun="events" />
            </>
          )
        }
      </Shown>
    </View>
  )
}

function take(events: readonly StoredEvent[]): void {
  const day = new Date().toISOString().slice(0, 10)
  download(`onceover-audit-${day}.csv`, csvOf(events))
  say(`${events.length.toLocaleString()} events are in the file: those that are shown here.`)
}

function Nothing({
  pages: { more, loadingMore, first },
  narrowed,
}: {
  readonly pages: LivePages<StoredEvent>
  readonly narrowed: boolean
}) {
  if (more) {
    const searchedTo = first.data?.searchedTo
    return (
      <Empty title="Nothing yet: only the newest events were looked at">
        {searchedTo && (
          <p>
            As far back as <Time at={searchedTo} />.
          </p>
        )}
        <button type="button" onClick={more} disabled={loadingMore}>
          {loadingMore ? 'Looking' : 'Look further back'}
        </button>
      </Empty>
    )
  }
  return narrowed ? (
    <Empty title="No event matches">
      <p>
        Take a chip away, or <a href={href(['audit'])}>see all events</a>. Words without a colon are
        looked for in the reason.
      </p>
    </Empty>
  ) : (
    <Empty title="Nothing has happened yet">
      <p>
        Every row that is made, skipped or refused stands here.{' '}
        <a href={href(['create'])}>Create some</a> to see it.
      </p>
    </Empty>
  )
}
