import type { StoredRepair } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { Change, GuardDetail, Underway } from '../contract.ts'
import { Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { isRunning, ofStanding, useUnderway } from '../parts/underway.ts'
import { WorkPanel } from '../parts/work-panel.tsx'
import { useResource } from '../resource.ts'
import { href } from '../route.ts'
import { Facts } from './repair/facts.tsx'
import { afterRepair } from './repair/next-step.tsx'
import { Outcome } from './repair/outcome.tsx'
import { Plan } from './repair/plan.tsx'
import { RepairActions } from './repair/repair-actions.tsx'

const ofRepair =
  (id: string) =>
  (change: Change): boolean =>
    change.id === id && (change.kind === 'repair' || change.endedAt !== null)

/** One repair: what its plan would do, what it did, and how to apply and to undo it. */
export function Repair({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const { id = '' } = params
  const repair = useResource<StoredRepair>(apiPath(['repairs', id]), ofRepair(id))
  const name = repair.data?.guard
  const guard = useResource<GuardDetail>(
    name === undefined ? null : apiPath(['guards', name]),
    ofStanding(name ?? ''),
  )
  const work = useUnderway(name ?? '', guard.data?.underway, guard.reload)
  const changed = () => {
    repair.reload()
    guard.reload()
  }
  return (
    <View
      title={`Repair ${id}`}
      named={name ? `Repair ${id}: ${name}` : `Repair ${id}`}
      above={
        <>
          <a href={href(['repairs'])}>Repairs</a>
          {name && (
            <>
              {' / '}
              <a href={href(['guards', name, 'duplicates'])}>{name}</a>
            </>
          )}
        </>
      }
      actions={
        repair.data && (
          <RepairActions
            repair={repair.data}
            guard={guard.data}
            busy={work?.endedAt === null}
            onChanged={changed}
          />
        )
      }
    >
      <Shown of={repair}>
        {(found) => (
          <Whole
            repair={found}
            guard={guard.data}
            work={work}
            unknown={guard.error?.status === 404}
          />
        )}
      </Shown>
    </View>
  )
}

interface WholeProps {
  readonly repair: StoredRepair
  readonly guard: GuardDetail | undefined
  readonly work: Underway | undefined
  /** Whether this server does not know the guard. */
  readonly unknown: boolean
}

function Whole({ repair, guard, work, unknown }: WholeProps) {
  const own = work?.id === repair.id || work?.endedAt === null ? work : undefined
  // What failed at first and was done since failed no more.
  const overcome =
    (own?.what === 'apply' && repair.state === 'applied') || repair.state === 'undone'
  return (
    <div class="repair">
      {unknown && (
        <p class="banner ground-warn">
          This server does not know the guard {repair.guard}: it shows the repair, and cannot apply
          or undo it.
        </p>
      )}
      {!(overcome && own?.error) && (
        <WorkPanel work={own} nextStep={(error) => afterRepair(repair, error)} />
      )}
      {!isRunning(own) && (
        <Outcome
          repair={repair}
          work={own?.id === repair.id ? own : undefined}
          enforced={guard?.enforced === true}
        />
      )}
      <Plan repair={repair} ids={guard?.inspection?.primaryKey} />
      <Facts repair={repair} />
    </div>
  )
}
