import type { StoredRepair } from '../../../src/index.ts'
import { exactly } from '../../parts/time.tsx'
import { href } from '../../route.ts'

/** Who planned, applied and undid a repair, when and why, and what pins its plan. */
export function Facts({ repair }: { readonly repair: StoredRepair }) {
  const { guard, plan, actor, reason, plannedAt, appliedAt, appliedBy, undoneAt, undoneBy } = repair
  return (
    <section class="panel" aria-label="About this repair">
      <dl class="facts">
        <dt>Guard</dt>
        <dd>
          <a href={href(['guards', guard])}>{guard}</a>
        </dd>
        <dt>Why</dt>
        <dd>{reason ?? <span class="soft">no reason was given</span>}</dd>
        <Deed words="Planned" at={plannedAt} by={actor} />
        <Deed words="Applied" at={appliedAt} by={appliedBy} />
        <Deed words="Undone" at={undoneAt} by={undoneBy} />
        <dt>Planned on</dt>
        <dd>
          <code>{plan.target}</code>
        </dd>
        <dt>Hash of the plan</dt>
        <dd>
          <code>{plan.hash}</code>
        </dd>
      </dl>
    </section>
  )
}

function Deed({
  words,
  at,
  by,
}: {
  readonly words: string
  readonly at: string | null
  readonly by: string | null
}) {
  if (at === null) return null
  return (
    <>
      <dt>{words}</dt>
      <dd>
        {exactly(at)} <span class="soft">by {by ?? 'nobody who gave a name'}</span>
      </dd>
    </>
  )
}
