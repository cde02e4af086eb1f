import { useEffect, useRef, useState } from 'preact/hooks'
import type { Policy } from '../../../src/index.ts'
import { type ApiError, apiPath, asApiError, post } from '../../api.ts'
import type { GuardDetail, Preview } from '../../contract.ts'
import { keyOfQuery, valueText } from '../../parts/key-text.tsx'
import { Failure } from '../../parts/notice.tsx'
import { route } from '../../route.ts'
import { Decision } from './decision.tsx'
import { type Asked, askedOf, type Draft, draftRow, modesOf } from './draft.ts'
import type { Looked, Outcome } from './looked.ts'
import { Made } from './made.tsx'
import { Previewed } from './previewed.tsx'
import { Request } from './request.tsx'

/** From the request over its preview and the decision on what exists to what came of it. */
export function Maker({ guard }: { readonly guard: GuardDetail }) {
  const making = useMaking(guard)
  const { draft, faults, looked, policy, outcome, error, busy, look } = making
  const shown = useRef<HTMLDivElement>(null)
  const isLooked = looked !== undefined
  useEffect(() => {
    if (isLooked) shown.current?.focus()
  }, [isLooked])

  if (outcome) return <Made guard={guard} outcome={outcome} onAgain={making.startAgain} />
  return (
    <div class="maker">
      <Request guard={guard} draft={draft} faults={faults} onChange={making.change} />
      <div class="maker-look">
        <button
          type="button"
          class={looked ? undefined : 'primary'}
          disabled={busy}
          onClick={() => look('skip')}
        >
          {busy ? 'Looking' : looked ? 'Preview again' : 'Preview'}
        </button>
        {!looked && (
          <span class="soft">Nothing is written before you have seen what would be.</span>
        )}
      </div>
      {error && !looked && <Failure error={error} />}
      {looked && (
        <div ref={shown} tabIndex={-1} class="maker-found" aria-busy={busy}>
          <Previewed guard={guard} looked={looked} />
          <Decision
            guard={guard}
            looked={looked}
            policy={policy}
            refusal={error}
            onPolicy={look}
            onMade={making.setOutcome}
          />
        </div>
      )}
    </div>
  )
}

function useMaking(guard: GuardDetail) {
  const [draft, setDraft] = useState<Draft>(() => firstDraft(guard))
  const [looked, setLooked] = useState<Looked | undefined>()
  const [outcome, setOutcome] = useState<Outcome | undefined>()
  const [faults, setFaults] = useState<Asked['faults']>()
  const [error, setError] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const [policy, setPolicy] = useState<Policy>('skip')
  const turn = useRef(0)

  const look = async (policy: Policy, reason = '') => {
    const mine = ++turn.current
    setPolicy(policy)
    const asked = askedOf(draft, guard.parts)
    setFaults(asked.faults)
    if (asked.faults) return setLooked(undefined)
    setBusy(true)
    setError(undefined)
    try {
      const { body } = asked
      const words = policy === 'allow' ? { reason: reason.trim() || 'preview' } : {}
      const ask = { ...body, onDuplicate: policy, ...words }
      const preview = await post<Preview>(apiPath(['guards', guard.name, 'preview']), ask)
      if (mine === turn.current) setLooked({ body, policy, preview })
    } catch (failure) {
      if (mine === turn.current) setError(asApiError(failure))
    } finally {
      if (mine === turn.current) setBusy(false)
    }
  }
  const change = (next: Partial<Draft>) => {
    turn.current++
    setBusy(false)
    setDraft((last) => ({ ...last, ...next }))
    // A preview of something else would be a promise of nothing.
    setLooked(undefined)
    setFaults(undefined)
    setError(undefined)
  }
  const startAgain = () => {
    setOutcome(undefined)
    setLooked(undefined)
  }
  return {
    draft,
    faults,
    looked,
    policy,
    outcome,
    error,
    busy,
    look,
    change,
    setOutcome,
    startAgain,
  }
}

function firstDraft(guard: GuardDetail): Draft {
  const { query } = route.value
  const modes = modesOf(guard)
  const parts = Object.fromEntries(
    Object.entries(keyOfQuery(query)).map(([name, value]) => [
      name,
      value === null ? '' : valueText(value),
    ]),
  )
  const keyed = Object.keys(parts).length > 0
  const asked = keyed ? modes.at(-1) : modes[0]
  const { from = '', to = '' } = query
  return { mode: asked ?? 'rows', from, to, rows: [draftRow(parts)] }
}
