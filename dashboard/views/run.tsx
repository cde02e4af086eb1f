import type { RunStatus } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { Change } from '../contract.ts'
import { Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { RunUnits } from '../parts/run-units.tsx'
import { rangeText, runTitle } from '../parts/run-words.ts'
import { State } from '../parts/state.tsx'
import { exactly, lasting, Time } from '../parts/time.tsx'
import { useResource } from '../resource.ts'
import { href, route, setQuery } from '../route.ts'
import { InFlight } from './run/in-flight.tsx'
import { RunActions } from './run/run-actions.tsx'
import { RunFailure } from './run/run-failure.tsx'
import { RunProgress } from './run/run-progress.tsx'
import { Steps } from './run/steps.tsx'

const ofRun =
  (id: string) =>
  (change: Change): boolean =>
    (change.kind === 'event' ? change.run : change.id) === id

/** One run: who asked for it and why, how far it is, and the verdict of each of its units. */
export function Run({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const id = params.id ?? ''
  const run = useResource<RunStatus>(apiPath(['runs', id]), ofRun(id))
  const { data, reload } = run
  return (
    <View
      title={data ? runTitle(data) : 'Run'}
      above={
        <>
          <a href={href(['runs'])}>Runs</a>
          {data && (
            <>
              {' / '}
              <a href={href(['runs'], { guard: data.guard })}>{data.guard}</a>
            </>
          )}
        </>
      }
      actions={data && <RunActions run={data} onChanged={reload} />}
    >
      <Shown of={run}>{(status) => <Whole run={status} />}</Shown>
    </View>
  )
}

function Whole({ run }: { readonly run: RunStatus }) {
  const { verdict } = route.value.query
  return (
    <div class="run">
      {run.state === 'cancelled' && <WhyCancelled run={run} />}
      <RunFailure run={run} />
      <RunProgress run={run} />
      <Facts run={run} />
      <InFlight run={run} concerns={ofRun(run.id)} />
      <Steps run={run} />
      <RunUnits run={run} verdict={verdict} onVerdict={(next) => setQuery({ verdict: next })} />
    </div>
  )
}

function WhyCancelled({ run: { cancelledBy, cancelReason, finishedAt } }: FactsProps) {
  return (
    <section class="panel cancelled" aria-label="Why it was cancelled">
      <p>
        <State name="cancelled" /> by <b>{cancelledBy ?? 'somebody who gave no name'}</b>{' '}
        <Time at={finishedAt} />
      </p>
      <blockquote>{cancelReason ?? 'No reason was given.'}</blockquote>
      <p class="soft">
        The keys that it held are free: whoever comes next may make them. What it had made by then
        stays.
      </p>
    </section>
  )
}

interface FactsProps {
  readonly run: RunStatus
}

const POLICIES = {
  skip: 'skip what exists',
  reject: 'reject all where one exists',
  replace: 'replace what exists',
  allow: 'allow a copy of what exists',
} as const

function Facts({ run }: FactsProps) {
  const { guard, actor, reason, policy, range, worker, startedAt, finishedAt, id } = run
  return (
    <section class="panel" aria-label="About this run">
      <dl class="facts">
        <dt>Guard</dt>
        <dd>
          <a href={href(['guards', guard])}>{guard}</a>
        </dd>
        <dt>Asked by</dt>
        <dd>{actor ?? <span class="soft">nobody who gave a name</span>}</dd>
        <dt>Why</dt>
        <dd>{reason ?? <span class="soft">no reason was given</span>}</dd>
        <dt>Policy</dt>
        <dd>{POLICIES[policy]}</dd>
        {range && (
          <>
            <dt>Range</dt>
            <dd title={JSON.stringify(range)}>{rangeText(range)}</dd>
          </>
        )}
        <dt>Worker</dt>
        <dd>{worker ?? <span class="soft">none: rows, made in one transaction</span>}</dd>
        <dt>Started</dt>
        <dd>
          {exactly(startedAt)} <span class="soft">(</span>
          <Time at={startedAt} />
          <span class="soft">)</span>
        </dd>
        {finishedAt && (
          <>
            <dt>Ended</dt>
            <dd>
              {exactly(finishedAt)} <span class="soft">after {lasting(startedAt, finishedAt)}</span>
            </dd>
          </>
        )}
        <dt>Run</dt>
        <dd>
          <code>{id}</code> <a href={href(['audit'], { run: id })}>its audit</a>
        </dd>
      </dl>
    </section>
  )
}
