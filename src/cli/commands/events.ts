import { type EventFilter, EXIT, type StoredEvent } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { given, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'
import { table } from '../table.ts'
import { count, some } from '../text.ts'

/** Options of `onceover events`. */
export interface EventsOptions extends DatabaseOptions, Omit<EventFilter, 'limit'> {
  readonly limit: string
}

const COLUMNS = [
  { title: 'at' },
  { title: 'guard' },
  { title: 'verdict' },
  { title: 'keys', align: 'right' },
  { title: 'reason' },
  { title: 'actor' },
  { title: 'first key' },
  { title: 'run' },
] as const

const firstKey = ({ keys }: StoredEvent): string =>
  Object.entries(keys[0] ?? {})
    .map(([part, value]) => `${part}=${String(value ?? 'NULL')}`)
    .join(' ')

const asRow = (event: StoredEvent): string[] => [
  `${event.at.slice(0, 19)}Z`,
  event.guard,
  event.verdict,
  count(event.keys.length),
  event.reason ?? '',
  event.actor ?? '',
  firstKey(event),
  event.run,
]

function print(events: readonly StoredEvent[], limit: number, out: Output): void {
  if (out.json) {
    for (const event of events) out.record(event)
    return
  }
  if (events.length === 0) {
    out.line('No events.')
    return
  }
  for (const line of table(COLUMNS, events.map(asRow), out.columns, out.colors.bold)) out.line(line)
  const keys = events.reduce((sum, event) => sum + event.keys.length, 0)
  const more = events.length === limit ? '; there may be older ones: raise --limit' : ''
  out.progress(`${some(events.length, 'event')} of ${some(keys, 'key')}, newest first${more}.`)
}

/** `onceover events`: reads the audit, newest first. */
export async function run(
  _names: readonly string[],
  { guard, verdict, since, until, run: id, limit: text, ...options }: EventsOptions,
  out: Output,
): Promise<number> {
  const limit = wholeNumber('--limit', text)
  const filter = given({ guard, verdict, since, until, run: id })
  return connected(options, out, async (once) => {
    print(await once.events({ ...filter, limit }), limit, out)
    return EXIT.ok
  })
}
