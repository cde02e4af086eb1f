import { useState } from 'preact/hooks'
import type { StoredRun } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import type { Problem } from '../../contract.ts'
import { tell } from '../../live.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { runTitle } from '../../parts/run-words.ts'
import { State } from '../../parts/state.tsx'
import { say, sayError } from '../../parts/toast.tsx'
import { filterWords, MOST_CANCELLED, openRuns, type RunFilter } from './run-filter.ts'

interface CancelledMany {
  readonly runs: number
  readonly claims: number
  readonly results: readonly { readonly error: Problem | null }[]
}

interface Frozen {
  readonly filter: RunFilter
  readonly runs: readonly StoredRun[]
}

const TOO_MANY =
  'More than 1,000 runs match: so many are not cancelled at once. Narrow the filter first.'

const NAMED = 5

/**
 * Cancels every run that matches the filter and has not ended. They are counted first; the server
 * cancels none where it finds others.
 */
export function CancelMatching({ filter }: { readonly filter: RunFilter }) {
  const [counting, setCounting] = useState(false)
  const [frozen, setFrozen] = useState<Frozen | undefined>()
  const count = async () => {
    setCounting(true)
    try {
      const runs = await openRuns(filter)
      if (runs.length === 0) say('Every run that matches has ended: there is nothing to cancel.')
      else if (runs.length > MOST_CANCELLED) say(TOO_MANY, 'failed')
      else setFrozen({ filter, runs })
    } catch (error) {
      sayError(error)
    } finally {
      setCounting(false)
    }
  }
  return (
    <>
      <button type="button" onClick={count} disabled={counting}>
        {counting ? 'Counting' : 'Cancel all that match'}
      </button>
      {frozen && <AskFirst frozen={frozen} onClose={() => setFrozen(undefined)} />}
    </>
  )
}

function AskFirst({ frozen, onClose }: { readonly frozen: Frozen; readonly onClose: () => void }) {
  const { filter, runs } = frozen
  const count = runs.length
  const noun = count === 1 ? 'run' : 'runs'
  const cancel = async (reason: string) => {
    const path = apiPath(['runs', 'cancel'])
    const done = await post<CancelledMany>(path, {
      ...filter,
      expect: count,
      runs: runs.map(({ id }) => id),
      reason: reason.trim() || undefined,
    })
    say(
      `${done.runs.toLocaleString()} cancelled; ${done.claims.toLocaleString()} keys are free.`,
      'cancelled',
    )
    const failed = done.results.flatMap(({ error }) => error ?? [])
    const [first] = failed
    if (first) say(`${failed.length} could not be cancelled: ${first.detail}`, 'failed')
    tell({ kind: 'run', ...(filter.guard !== undefined && { guard: filter.guard }) })
  }
  return (
    <Confirm
      title={`Cancel ${count.toLocaleString()} ${noun}?`}
      action={`Cancel ${count.toLocaleString()} ${noun}`}
      danger
      onConfirm={cancel}
      onClose={onClose}
    >
      <p>
        All {filterWords(filter)} that have not ended. What they hold in flight is cancelled and its
        keys are free; what is done stays. Should others match by then, nothing is cancelled.
      </p>
      <ul class="named-runs">
        {runs.slice(0, NAMED).map((run) => (
          <li key={run.id}>
            <State name={run.state} quiet />
            <span>
              {runTitle(run)} <span class="soft">{run.guard}</span>
            </span>
          </li>
        ))}
        {count > NAMED && <li class="soft">and {(count - NAMED).toLocaleString()} more</li>}
      </ul>
    </Confirm>
  )
}
