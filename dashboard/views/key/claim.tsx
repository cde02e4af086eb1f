import type { ComponentChildren } from 'preact'
import type { KeyClaim } from '../../../src/index.ts'
import { valueText } from '../../parts/key-text.tsx'
import { State } from '../../parts/state.tsx'
import { lasting, Time } from '../../parts/time.tsx'
import { href } from '../../route.ts'

/** How a claim came about, in words. */
export const ORIGINS: Readonly<Record<KeyClaim['origin'], string>> = {
  new: 'for the first time',
  taken_over: 'taken over from a worker that died',
  retried: 'tried again after a failure',
  reopened: 'opened again after it was done',
}

/** Who is at a key, or was: attempt, fence, lease, and what went wrong. */
export function ClaimFacts({ claim }: { readonly claim: KeyClaim }) {
  return (
    <section class="panel">
      <div class="section-head">
        <h2>The claim</h2>
        <State name={claim.state} />
      </div>
      {claim.error && <p class="ink-bad claim-error">{claim.error}</p>}
      {claim.needsReconcile && (
        <p class="ink-warn">
          The answer of step <code>{claim.needsReconcile}</code> was lost. Look at the provider,
          then resolve it: <code>onceover resolve</code>
        </p>
      )}
      <dl class="facts">
        <Fact name="how">{ORIGINS[claim.origin]}</Fact>
        <Fact name="attempt">{claim.attempt}</Fact>
        <Fact name="fence">{claim.fence}</Fact>
        <Fact name="run">
          <a href={href(['runs', claim.run])}>{claim.reason ?? claim.run.slice(0, 8)}</a>
          {claim.actor && <span class="soft"> by {claim.actor}</span>}
        </Fact>
        <Fact name="worker">{claim.worker && <code>{claim.worker}</code>}</Fact>
        <Fact name="claimed">
          <Time at={claim.claimedAt} />
        </Fact>
        <Fact name="ended">
          {claim.endedAt && (
            <>
              <Time at={claim.endedAt} />
              <span class="soft"> after {lasting(claim.claimedAt, claim.endedAt)}</span>
            </>
          )}
        </Fact>
        <Fact name="lease until">{claim.leaseUntil && <Time at={claim.leaseUntil} />}</Fact>
        <Fact name="again from">{claim.retryAt && <Again at={claim.retryAt} />}</Fact>
        <Fact name="cancelled by">{claim.cancelledBy}</Fact>
        <Fact name="because">{claim.cancelReason}</Fact>
        <Fact name="result">{claim.result !== null && <code>{valueText(claim.result)}</code>}</Fact>
      </dl>
    </section>
  )
}

const Again = ({ at }: { readonly at: string }) =>
  Date.parse(at) > Date.now() ? <Time at={at} /> : <>now on</>

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  if (children === null || children === undefined || children === false) return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
