import { useEffect, useRef, useState } from 'preact/hooks'
import type { InsertResult, RunStatus } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import type { GuardDetail } from '../../contract.ts'
import { Shown } from '../../parts/notice.tsx'
import { RunUnits } from '../../parts/run-units.tsx'
import { State } from '../../parts/state.tsx'
import { ShareBar, Totals } from '../../parts/totals.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../route.ts'
import type { Outcome } from './looked.ts'
import { VerdictTable } from './verdict-table.tsx'

/** What came of it, a verdict each, and the run that it is kept under. */
export function Made({
  guard,
  outcome,
  onAgain,
}: {
  readonly guard: GuardDetail
  readonly outcome: Outcome
  readonly onAgain: () => void
}) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <div class="maker">
      <section class="panel made" aria-labelledby="made-title">
        <h2 id="made-title" ref={title} tabIndex={-1}>
          {'totals' in outcome ? 'What happened' : 'The run is on its way'}
        </h2>
        {'totals' in outcome && (
          <>
            <ShareBar of={outcome.totals} />
            <Totals of={outcome.totals} />
          </>
        )}
        <div class="actions">
          {outcome.run && (
            <a class="button" href={href(['runs', outcome.run])}>
              Open the run
            </a>
          )}
          <button type="button" onClick={onAgain}>
            Create more
          </button>
        </div>
      </section>
      {'totals' in outcome ? (
        <Verdicts guard={guard.name} result={outcome} />
      ) : (
        <Going run={outcome.run} />
      )}
    </div>
  )
}

function Verdicts({ guard, result }: { readonly guard: string; readonly result: InsertResult }) {
  return (
    <VerdictTable
      caption="What became of each row"
      guard={guard}
      verdicts={result.verdicts}
      of={result.totals.rows}
    />
  )
}

function Going({ run: id }: { readonly run: string }) {
  const [verdict, setVerdict] = useState<string | undefined>()
  const run = useResource<RunStatus>(apiPath(['runs', id]), (change) =>
    change.kind === 'event' ? change.run === id : change.id === id,
  )
  return (
    <Shown of={run}>
      {(status) => (
        <div class="run">
          <section class="panel progress" aria-label="Progress">
            <p>
              <State name={status.state} />{' '}
              <span class="soft">{status.inFlight.toLocaleString()} in flight</span>
            </p>
            <ShareBar of={status.totals} />
            <Totals of={status.totals} />
          </section>
          <RunUnits run={status} verdict={verdict} onVerdict={setVerdict} />
        </div>
      )}
    </Shown>
  )
}
