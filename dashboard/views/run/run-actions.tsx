import { useState } from 'preact/hooks'
import type { Cancelled, RunStatus } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import { tell } from '../../live.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { say } from '../../parts/toast.tsx'
import { go } from '../../route.ts'
import { knownGuard, mayWrite } from '../../session.ts'
import { isOpen } from '../runs/run-filter.ts'

interface ActionProps {
  readonly run: RunStatus
  readonly onChanged: () => void
}

/** What can be done with a run as it stands. */
export function RunActions({ run, onChanged }: ActionProps) {
  const { guard, state, worker, totals } = run
  if (!mayWrite()) return null
  const generated = knownGuard(guard)?.generator === true
  const work = generated && worker !== null
  return (
    <>
      {work && (state === 'crashed' || state === 'stopped') && (
        <Resume run={run} onChanged={onChanged} />
      )}
      {work && state !== 'running' && totals.failed > 0 && <RetryFailed run={run} />}
      {isOpen(run) && <Cancel run={run} onChanged={onChanged} />}
    </>
  )
}

function Resume({ run: { id, guard, inFlight, range }, onChanged }: ActionProps) {
  const [asking, setAsking] = useState(false)
  const resume = async () => {
    await post(apiPath(['guards', guard, 'resume']), { run: id })
    say('The run goes on.', 'running')
    tell({ kind: 'run', guard, id })
    onChanged()
  }
  return (
    <>
      <button type="button" class="primary" onClick={() => setAsking(true)}>
        Resume
      </button>
      {asking && (
        <Confirm
          title="Go on with this run?"
          action="Resume"
          reasonless
          onConfirm={resume}
          onClose={() => setAsking(false)}
        >
          <p>
            It goes on under the same id: with the {inFlight.toLocaleString()} that it had claimed
            and not finished{range ? ', then with those of its range that it never came to' : ''}.
            What is done is not made again.
          </p>
        </Confirm>
      )}
    </>
  )
}

function RetryFailed({ run: { id, guard, totals } }: Pick<ActionProps, 'run'>) {
  const [asking, setAsking] = useState(false)
  const retry = async (reason: string) => {
    const path = apiPath(['guards', guard, 'retry'])
    const { run } = await post<{ readonly run: string }>(path, {
      run: id,
      reason: reason.trim() || undefined,
    })
    say('The failed units are tried again.', 'running')
    go(['runs', run])
  }
  return (
    <>
      <button type="button" onClick={() => setAsking(true)}>
        Retry failed
      </button>
      {asking && (
        <Confirm
          title="Try the failed units again?"
          action="Retry failed"
          onConfirm={retry}
          onClose={() => setAsking(false)}
        >
          <p>
            {totals.failed.toLocaleString()} failed in this run. Those that still are failed or
            exhausted are tried again at once, in a run of their own; what is done stays.
          </p>
        </Confirm>
      )}
    </>
  )
}

function Cancel({ run, onChanged }: ActionProps) {
  const [asking, setAsking] = useState(false)
  const { id, guard } = run
  const cancel = async (reason: string) => {
    const path = apiPath(['runs', id, 'cancel'])
    const { cancelled, claims } = await post<Cancelled>(path, {
      reason: reason.trim() || undefined,
    })
    if (cancelled) say(`Cancelled: ${claims.toLocaleString()} keys are free.`, 'cancelled')
    else say('It had ended already: nothing was cancelled.')
    tell({ kind: 'run', guard, id })
    onChanged()
  }
  return (
    <>
      <button type="button" class="danger-line" onClick={() => setAsking(true)}>
        Cancel run
      </button>
      {asking && (
        <Confirm
          title="Cancel this run?"
          action="Cancel run"
          danger
          onConfirm={cancel}
          onClose={() => setAsking(false)}
        >
          <WhatHappens run={run} />
        </Confirm>
      )}
    </>
  )
}

function WhatHappens({ run: { inFlight, totals } }: Pick<ActionProps, 'run'>) {
  const made = totals.created + totals.replaced + totals.allowed
  return (
    <ul class="consequences">
      <li>
        <b>Freed:</b> {inFlight.toLocaleString()} {inFlight === 1 ? 'key' : 'keys'} in flight now,
        and those that it claims until then. Whoever comes next may make them; a worker that is
        still at one can no longer save it.
      </li>
      <li>
        <b>Stays:</b> {made.toLocaleString()} that {made === 1 ? 'is' : 'are'} made, with their
        rows.
      </li>
      <li>
        <b>Not begun:</b> whatever else it was asked for. A cancelled run cannot go on.
      </li>
    </ul>
  )
}
