import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunStatus } from '../../../src/index.ts'
import { State } from '../../parts/state.tsx'
import { lasting } from '../../parts/time.tsx'
import { ShareBar, Totals } from '../../parts/totals.tsx'

const WORDS: Readonly<Partial<Record<RunStatus['state'], string>>> = {
  stopped: 'It ended before it had done everything, and can go on.',
  crashed: 'Its worker died while it ran. It can go on with what that had claimed.',
}

/** How far a run is: verdicts as one bar, and while it runs its rate and what is in flight. */
export function RunProgress({ run }: { readonly run: RunStatus }) {
  const running = run.state === 'running'
  return (
    <section class="panel progress" aria-label="Progress">
      {run.state !== 'cancelled' && (
        <p>
          <State name={run.state} /> <span class="soft">{WORDS[run.state]}</span>
        </p>
      )}
      <div class="figures-row">
        <div class="figure">
          <b>{run.totals.rows.toLocaleString()}</b>
          <span class="soft">{run.totals.rows === 1 ? 'verdict' : 'verdicts'}</span>
        </div>
        {running && <Pace run={run} />}
        {!running && run.inFlight > 0 && (
          <div class="figure">
            <b>{run.inFlight.toLocaleString()}</b>
            <span class="soft">claimed and not finished</span>
          </div>
        )}
        {!running && run.finishedAt && (
          <div class="figure">
            <b>{lasting(run.startedAt, run.finishedAt)}</b>
            <span class="soft">from start to end</span>
          </div>
        )}
      </div>
      <ShareBar of={run.totals} />
      <Totals of={run.totals} />
    </section>
  )
}

function Pace({ run }: { readonly run: RunStatus }) {
  useSeconds()
  const rate = useRate(run.totals.rows)
  return (
    <>
      <div class="figure">
        <b>{rate === undefined ? '–' : rateText(rate)}</b>
        <span class="soft">a second</span>
      </div>
      <div class="figure">
        <b>{run.inFlight.toLocaleString()}</b>
        <span class="soft">in flight</span>
      </div>
      <div class="figure">
        <b>{wholeSeconds(lasting(run.startedAt, new Date().toISOString()))}</b>
        <span class="soft">so far</span>
      </div>
    </>
  )
}

const wholeSeconds = (text: string): string => text.replace(/\.\d s$/, ' s')

const rateText = (rate: number): string =>
  rate >= 10 ? Math.round(rate).toLocaleString() : rate.toFixed(1)

/** Renders once a second. */
function useSeconds(): void {
  const [, setTurn] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTurn((turn) => turn + 1), 1000)
    return () => clearInterval(timer)
  }, [])
}

const WINDOW_MS = 15_000

/** Verdicts a second over the last 15 s that were watched; undefined until there are two looks. */
function useRate(verdicts: number): number | undefined {
  const looks = useRef<{ readonly atMs: number; readonly verdicts: number }[]>([])
  const now = performance.now()
  const kept = looks.current.filter(({ atMs }) => atMs > now - WINDOW_MS)
  if (kept.at(-1)?.verdicts !== verdicts || kept.length < 2) kept.push({ atMs: now, verdicts })
  looks.current = kept
  const [first] = kept
  if (!first || now - first.atMs < 1500) return undefined
  return ((verdicts - first.verdicts) / (now - first.atMs)) * 1000
}
