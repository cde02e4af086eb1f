import { useEffect, useState } from 'preact/hooks'
import type { KeyHistory, KeyMoment } from '../../../src/index.ts'
import { type ApiError, asApiError, get } from '../../api.ts'
import { valueText } from '../../parts/key-text.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Glyph, labelOf, lookOf } from '../../parts/state.tsx'
import { exactly, Time } from '../../parts/time.tsx'
import { href } from '../../route.ts'
import { ORIGINS } from './claim.tsx'

type Part = Pick<KeyHistory, 'timeline' | 'next' | 'more'>

/** What the audit says of a key, newest first, and further back on demand. */
export function Timeline({
  history,
  path,
}: {
  readonly history: KeyHistory
  /** Where the history came from. */
  readonly path: string
}) {
  const [older, setOlder] = useState<Part | undefined>()
  const [error, setError] = useState<ApiError | undefined>()
  // What was older than the last answer does not follow a new one.
  useEffect(() => setOlder(undefined), [history])
  const { next, more } = older ?? history
  const moments = [...history.timeline, ...(older?.timeline ?? []), ...claimed(history)].toSorted(
    (left, right) => Date.parse(right.at) - Date.parse(left.at),
  )
  const look = async () => {
    try {
      const part = await get<Part>(`${path}&cursor=${encodeURIComponent(next ?? '')}`)
      setOlder({ ...part, timeline: [...(older?.timeline ?? []), ...part.timeline] })
    } catch (failure) {
      setError(asApiError(failure))
    }
  }
  return (
    <>
      {moments.length === 0 && <p class="soft">The audit says nothing of this key.</p>}
      <ol class="timeline">
        {moments.map((moment) => (
          <Moment key={moment.event} moment={moment} />
        ))}
      </ol>
      {error && <Failure error={error} />}
      {more && next !== null && (
        <button type="button" onClick={look}>
          Look further back
        </button>
      )}
    </>
  )
}

type Told = Omit<KeyMoment, 'verdict' | 'cursor'> & { readonly verdict: string }

// The audit is written as work ends; that it was begun stands in the claim.
function claimed({ claim }: KeyHistory): readonly Told[] {
  if (!claim) return []
  const { origin, attempt, fence, run, actor, reason, claimedAt } = claim
  const how = `${ORIGINS[origin]}, attempt ${attempt}, fence ${fence}`
  return [
    {
      event: 'claim',
      verdict: 'claimed',
      at: claimedAt,
      run,
      actor,
      reason: how,
      runReason: reason,
      existing: null,
    },
  ]
}

function Moment({ moment }: { readonly moment: Told }) {
  const { verdict, at, run, actor, reason, runReason, existing } = moment
  const { glyph, tone } = lookOf(verdict)
  return (
    <li>
      <span class={`timeline-mark ground-${tone}`}>
        <Glyph name={glyph} tone={tone} />
      </span>
      <div>
        <p>
          <b>{labelOf(verdict)}</b>
          {reason && reason !== 'exists' && ` ${reason}`}
        </p>
        <p class="soft">
          <Time at={at} /> <span class="exact">{exactly(at)}</span>
        </p>
        <p class="soft">
          <a href={href(['runs', run])}>{runReason ?? `run ${run.slice(0, 8)}`}</a>
          {actor && ` by ${actor}`}
          {existing && <> · met {Object.values(existing).map(valueText).join(', ')}</>}
        </p>
      </div>
    </li>
  )
}
