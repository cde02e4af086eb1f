import { type EventFilter, EXIT, type StoredEvent } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { given, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'
import { keyInWords } from '../run-report.ts'
import { oneLine, seconds, shorten, some } from '../text.ts'

/** Options of `onceover events`. */
export interface EventsOptions extends DatabaseOptions, Omit<EventFilter, 'limit'> {
  readonly limit: string
}

// Two lines for each: a moment and an id are copied whole, and would leave no room beside them.
function* linesOf(event: StoredEvent, { colors, columns }: Output): Generator<string> {
  const { at, guard, verdict, keys, reason, actor, run } = event
  const what = [`${some(keys.length, 'key')} of ${guard}`, reason].filter(Boolean).join('  ')
  const head = `${seconds(at)}  ${verdict}`
  yield `${colors.bold(head)}  ${shorten(oneLine(what), columns - head.length - 2)}`
  const facts = [run, actor && `by ${actor}`, keyInWords(keys[0] ?? {})].filter(Boolean)
  yield shorten(`  ${oneLine(facts.join('  '))}`, columns)
}

function print(events: readonly StoredEvent[], limit: number, out: Output): void {
  if (out.json) {
    for (const event of events) out.record(event)
    return
  }
  if (events.length === 0) {
    out.line('No events.')
    return
  }
  for (const event of events) for (const line of linesOf(event, out)) out.line(line)
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
