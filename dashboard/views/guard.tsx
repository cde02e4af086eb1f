import { useState } from 'preact/hooks'
import { apiPath } from '../api.ts'
import type { GuardDetail, Underway } from '../contract.ts'
import { GuardView } from '../parts/guard-view.tsx'
import { Shown } from '../parts/notice.tsx'
import { ofStanding, useUnderway } from '../parts/underway.ts'
import { WorkPanel } from '../parts/work-panel.tsx'
import { useResource } from '../resource.ts'
import { Activity } from './guard/activity.tsx'
import { AskEnforce, type Chosen } from './guard/ask-enforce.tsx'
import { Declaration } from './guard/declaration.tsx'
import { IndexFindings } from './guard/index-findings.tsx'
import { afterEnforce } from './guard/next-step.tsx'
import { Preflight } from './guard/preflight.tsx'
import { Standing } from './guard/standing.tsx'

/** One guard: what it declares, what stands for it in the database, and how to enforce it. */
export function GuardPage({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const { guard: name = '' } = params
  const guard = useResource<GuardDetail>(apiPath(['guards', name]), ofStanding(name))
  const work = useUnderway(name, guard.data?.underway, guard.reload)
  return (
    <GuardView guard={name}>
      <Shown of={guard}>
        {(found) => <Whole guard={found} work={work} onChanged={guard.reload} />}
      </Shown>
    </GuardView>
  )
}

interface WholeProps {
  readonly guard: GuardDetail
  readonly work: Underway | undefined
  readonly onChanged: () => void
}

function Whole({ guard, work, onChanged }: WholeProps) {
  // Not in what asks for it, which is not there while it runs: a refusal comes after that.
  const [chosen, setChosen] = useState<Chosen | undefined>()
  const { name, enforced, inspection } = guard
  const running = work?.endedAt === null
  // An error that was overcome since is of no use to anybody.
  const told = work?.what === 'enforce' && work.error && enforced ? undefined : work
  const offers = !enforced && !running && inspection && inspection.obstacle === undefined
  return (
    <div class="guard-page">
      <Standing guard={guard} running={running} onChanged={onChanged} />
      <WorkPanel work={told} nextStep={(failure) => afterEnforce(name, failure)} />
      <div class="guard-columns">
        <Declaration guard={guard} />
        <IndexFindings guard={guard} />
      </div>
      {offers && <Preflight guard={guard} onEnforce={setChosen} />}
      {chosen && (
        <AskEnforce
          guard={guard}
          chosen={chosen}
          onStarted={onChanged}
          onClose={() => setChosen(undefined)}
        />
      )}
      <Activity guard={guard} />
    </div>
  )
}
