import type { StoredRepair } from '../../../src/index.ts'
import type { GuardDetail } from '../../contract.ts'
import { some } from '../../parts/prose.tsx'
import { runTitle } from '../../parts/run-words.ts'
import { State } from '../../parts/state.tsx'
import { Time } from '../../parts/time.tsx'
import { Totals } from '../../parts/totals.tsx'
import { href } from '../../route.ts'

const CAP = 1000
const LOOKED_AT = ['failed', 'exhausted', 'claimed', 'cancelled'] as const

/** What a guard is busy with: claims to look at, its last run and its newest repairs. */
export function Activity({ guard }: { readonly guard: GuardDetail }) {
  const { name, lastRun, repairs } = guard
  return (
    <div class="guard-columns">
      <section class="panel" aria-labelledby="claims-and-runs">
        <div class="section-head">
          <h2 id="claims-and-runs">Claims and runs</h2>
          <a href={href(['runs'], { guard: name })}>All runs</a>
        </div>
        <Attention guard={guard} />
        {lastRun ? (
          <div class="last-run">
            <p>
              <a href={href(['runs', lastRun.id])}>
                <State name={lastRun.state} quiet /> {runTitle(lastRun)}
              </a>{' '}
              <span class="soft">
                <Time at={lastRun.startedAt} />
              </span>
            </p>
            <Totals of={lastRun.totals} />
          </div>
        ) : (
          <p class="soft">Nothing has run yet.</p>
        )}
      </section>
      <section class="panel" aria-labelledby="newest-repairs">
        <div class="section-head">
          <h2 id="newest-repairs">Repairs</h2>
          <a href={href(['repairs'], { guard: name })}>All repairs</a>
        </div>
        {repairs.length === 0 && <p class="soft">None was planned yet.</p>}
        <ul class="repair-lines">
          {repairs.map((repair) => (
            <RepairLine key={repair.id} repair={repair} />
          ))}
        </ul>
      </section>
    </div>
  )
}

function RepairLine({ repair }: { readonly repair: StoredRepair }) {
  const { id, state, plan, reason, plannedAt } = repair
  return (
    <li>
      <a href={href(['repairs', id])}>
        <State name={state} quiet /> Repair {id}
      </a>{' '}
      <span class="soft">
        {some(plan.rows, 'row')} of {some(plan.groups, 'group')}, <Time at={plannedAt} />
        {reason && ` · ${reason}`}
      </span>
    </li>
  )
}

function Attention({ guard: { name, matrix, counts } }: { readonly guard: GuardDetail }) {
  const found = LOOKED_AT.filter((state) => counts[state] > 0)
  if (found.length === 0) return <p class="soft">No claim needs a look.</p>
  return (
    <p class="states">
      {found.map((state) => {
        const count = counts[state] >= CAP ? `${CAP}+` : String(counts[state])
        const shown = <State name={state} count={count} />
        const address = href(['guards', name, 'matrix'], { states: state })
        return matrix ? (
          <a key={state} href={address}>
            {shown}
          </a>
        ) : (
          shown
        )
      })}
    </p>
  )
}
