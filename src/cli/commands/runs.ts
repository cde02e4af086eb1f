import { EXIT, type RunFilter, type StoredRun } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { given, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'
import { givenBackBy, unitsInWords } from '../run-report.ts'
import { oneLine, seconds, shorten, some } from '../text.ts'

/** Options of `onceover runs`. */
export interface RunsOptions extends DatabaseOptions {
  readonly guard?: string
  readonly state?: string
  readonly since?: string
  readonly limit: string
}

const asked = ({ actor, reason }: StoredRun): string =>
  [actor && `by ${actor}`, reason].filter(Boolean).join(': ')

// Two lines for each: an id is copied whole, and would leave no room beside it.
function* linesOf(run: StoredRun, { colors, columns }: Output): Generator<string> {
  const { id, state, guard, startedAt, totals } = run
  yield `${colors.bold(id)}  ${state}  ${oneLine(guard)}`
  const facts = [seconds(startedAt), unitsInWords(totals, givenBackBy(run)), asked(run)].filter(
    Boolean,
  )
  yield shorten(`  ${oneLine(facts.join('  '))}`, columns)
}

/** `onceover runs`: lists runs, newest first. */
export async function run(
  _names: readonly string[],
  { guard, state, since, limit: text, ...options }: RunsOptions,
  out: Output,
): Promise<number> {
  const limit = wholeNumber('--limit', text)
  // Which states there are, once.runs() says.
  const filter = given({ guard, state: state as RunFilter['state'], since })
  return connected(options, out, async (once) => {
    const found = await once.runs({ ...filter, limit })
    if (out.json) for (const each of found) out.record(each)
    else if (found.length === 0) out.line('No runs.')
    else {
      for (const each of found) for (const line of linesOf(each, out)) out.line(line)
      const more = found.length === limit ? '; there may be older ones: raise --limit' : ''
      out.progress(`${some(found.length, 'run')}, newest first${more}.`)
    }
    return EXIT.ok
  })
}
