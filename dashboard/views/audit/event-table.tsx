import { useState } from 'preact/hooks'
import type { RowValues, StoredEvent } from '../../../src/index.ts'
import { KeyText, valueText } from '../../parts/key-text.tsx'
import { State } from '../../parts/state.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { href, route } from '../../route.ts'

/** Events, each with its keys; more than one unfold. */
export function EventTable({ events }: { readonly events: readonly StoredEvent[] }) {
  return (
    <Table caption="Events, newest first" columns={COLUMNS} rows={events} keyOf={({ id }) => id} />
  )
}

const narrowed = (name: string, value: string): string =>
  href(['audit'], { ...route.value.query, [name]: value })

const COLUMNS: readonly Column<StoredEvent>[] = [
  { label: 'When', show: ({ at }) => <Time at={at} /> },
  {
    label: 'Verdict',
    show: ({ verdict, keys }) => (
      <State name={verdict} {...(keys.length > 1 && { count: keys.length.toLocaleString() })} />
    ),
  },
  { label: 'Keys', wide: true, show: (event) => <Keys event={event} /> },
  { label: 'Why, and who', show: (event) => <Why event={event} /> },
  { label: 'Run', show: ({ run }) => <RunLink run={run} /> },
]

function RunLink({ run }: { readonly run: string }) {
  return (
    <a class="quiet-link" href={href(['runs', run])} title={`Run ${run}`}>
      <code>{run.slice(0, 8)}</code>
    </a>
  )
}

function Why({ event: { reason, actor } }: { readonly event: StoredEvent }) {
  return (
    <div class="event-why">
      {reason && <span>{reason}</span>}
      {actor ? (
        <a class="quiet-link soft" href={narrowed('actor', actor)} title={`Only what ${actor} did`}>
          {actor}
        </a>
      ) : (
        <span class="soft">nobody who gave a name</span>
      )}
    </div>
  )
}

function Keys({ event }: { readonly event: StoredEvent }) {
  const [open, setOpen] = useState(false)
  const { guard, keys, existing } = event
  const shown = open ? keys : keys.slice(0, 1)
  const rest = keys.length - 1
  return (
    <div class="event-keys">
      <a class="quiet-link soft" href={narrowed('guard', guard)} title={`Only ${guard}`}>
        {guard}
      </a>
      <ul class={open ? 'unfolded' : undefined}>
        {shown.map((key, place) => (
          <li key={JSON.stringify([place, key])}>
            <KeyText values={key} guard={guard} />
            <Met row={existing?.[place]} />
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <button
          type="button"
          class="plain unfold"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? 'Show the first only' : `and ${rest.toLocaleString()} more`}
        </button>
      )}
    </div>
  )
}

function Met({ row }: { readonly row: RowValues | null | undefined }) {
  if (!row) return null
  const text = Object.entries(row).map(([name, value]) => `${name} ${valueText(value)}`)
  return <span class="soft"> met {text.join(', ')}</span>
}
