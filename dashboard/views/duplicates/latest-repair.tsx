import type { StoredRepair } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import type { Page } from '../../contract.ts'
import { some } from '../../parts/prose.tsx'
import { State } from '../../parts/state.tsx'
import { Time } from '../../parts/time.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../route.ts'

const WORDS: Readonly<Record<StoredRepair['state'], string>> = {
  planned: 'Look at the plan, and apply it',
  applying: 'Go on with it, or undo it',
  applied: 'See what it did, or undo it',
  undone: 'See what it did',
}

/** The latest repair of a guard, where there is one: the way back to a plan, or to an undo. */
export function LatestRepair({ guard }: { readonly guard: string }) {
  const latest = useResource<Page<StoredRepair>>(
    apiPath(['repairs'], { guard, limit: 1 }),
    (change) => change.guard === guard && change.kind === 'repair',
  )
  const [repair] = latest.data?.items ?? []
  if (!repair) return null
  const { id, state, plan, plannedAt, appliedAt, undoneAt } = repair
  return (
    <p class="panel latest-repair">
      <State name={state} />
      <span>
        Repair {id} of {some(plan.rows, 'row')} in {some(plan.groups, 'key')},{' '}
        <Time at={undoneAt ?? appliedAt ?? plannedAt} />
      </span>
      <a href={href(['repairs', id])}>{WORDS[state]}</a>
    </p>
  )
}
