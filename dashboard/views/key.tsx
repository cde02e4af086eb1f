import type { KeyHistory } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import { GuardView } from '../parts/guard-view.tsx'
import { KeyText, keyOfQuery, keyQuery, valueText } from '../parts/key-text.tsx'
import { Shown } from '../parts/notice.tsx'
import { State } from '../parts/state.tsx'
import { ofGuard, useResource } from '../resource.ts'
import { href, route } from '../route.ts'
import { KeyActions } from './key/actions.tsx'
import { ClaimFacts } from './key/claim.tsx'
import { StandingRows } from './key/rows.tsx'
import { Steps } from './key/steps.tsx'
import { Timeline } from './key/timeline.tsx'

/** One key: what stands for it, who is at it, and all that became of it. */
export function KeyPage({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const guard = params.guard ?? ''
  const asked = keyOfQuery(route.value.query)
  const path = `${apiPath(['guards', guard, 'key'])}?${keyQuery(asked)}`
  const history = useResource<KeyHistory>(path, ofGuard(guard))
  const words = Object.values(asked).map(valueText).join(', ')
  return (
    <GuardView
      guard={guard}
      title={`Key ${words}`}
      actions={history.data && <KeyActions history={history.data} />}
    >
      <Shown of={history}>{(found) => <Found history={found} path={path} />}</Shown>
    </GuardView>
  )
}

/** What a key comes to, from what stands and from its claim. */
function stateOf({ standing, excess, claim }: KeyHistory): string {
  if (excess > 0) return 'duplicate'
  if (claim && claim.state !== 'done') return claim.state
  return standing > 0 ? 'done' : 'missing'
}

function Found({ history, path }: { readonly history: KeyHistory; readonly path: string }) {
  const { guard, key, claim } = history
  return (
    <div class="key-page">
      <div class="key-head">
        <State name={stateOf(history)} />
        <h2>
          <KeyText values={key} />
        </h2>
      </div>
      <div class="key-columns">
        <div class="key-facts">
          <StandingRows history={history} />
          {claim && <ClaimFacts claim={claim} />}
          <Steps steps={history.steps} />
        </div>
        <section aria-labelledby="timeline">
          <div class="section-head">
            <h2 id="timeline">What became of it</h2>
            <a href={`${href(['audit'], { guard })}&${keyQuery(key)}`}>Audit</a>
          </div>
          <Timeline history={history} path={path} />
        </section>
      </div>
    </div>
  )
}
