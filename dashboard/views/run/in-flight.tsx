import type { RunStatus, StoredClaim } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import type { Change, Page } from '../../contract.ts'
import { KeyText } from '../../parts/key-text.tsx'
import { Time } from '../../parts/time.tsx'
import { useResource } from '../../resource.ts'

const SHOWN = 4

/** The keys that a run holds just now, those that it took last before the others. */
export function InFlight({
  run: { id, guard, state, inFlight },
  concerns,
}: {
  readonly run: RunStatus
  readonly concerns: (change: Change) => boolean
}) {
  const path = apiPath(['claims'], { guard, run: id, state: 'claimed', limit: SHOWN })
  const claims = useResource<Page<StoredClaim>>(inFlight > 0 ? path : null, concerns)
  const held = claims.data?.items ?? []
  if (inFlight === 0 || held.length === 0) return null
  const rest = inFlight - held.length
  return (
    <section class="panel in-flight" aria-labelledby="in-flight-title">
      <h2 id="in-flight-title">{state === 'running' ? 'In flight' : 'Claimed and not finished'}</h2>
      <ul>
        {held.map((claim) => (
          <li key={JSON.stringify(claim.key)}>
            <KeyText values={claim.key} guard={guard} />
            <span class="soft">
              {claim.attempt > 1 && `attempt ${claim.attempt}, `}
              <Time at={claim.claimedAt} />
            </span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="soft">and {rest.toLocaleString()} more</p>}
    </section>
  )
}
