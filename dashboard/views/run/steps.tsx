import type { RunStatus } from '../../../src/index.ts'
import { Glyph } from '../../parts/state.tsx'

/** What the external calls of a run came to; nothing where it made none. */
export function Steps({ run: { steps } }: { readonly run: RunStatus }) {
  const { calls, reused, asked, needsReconcile } = steps
  if (calls + reused + asked + needsReconcile === 0) return null
  return (
    <section class="panel run-steps" aria-labelledby="steps-title">
      <h2 id="steps-title">External calls</h2>
      <ul class="figures">
        <Figure count={calls} words="made" />
        <Figure count={reused} words="spared: answered from the record" />
        <Figure count={asked} words="looked up at the provider" />
      </ul>
      {needsReconcile > 0 && (
        <p class="ink-warn">
          <Glyph name="hand" /> {needsReconcile.toLocaleString()} lost their answer and wait for a
          person: look at the provider, then settle each with <code>once.resolveStep</code>.
        </p>
      )}
    </section>
  )
}

function Figure({ count, words }: { readonly count: number; readonly words: string }) {
  return (
    <li>
      <b>{count.toLocaleString()}</b> <span class="soft">{words}</span>
    </li>
  )
}
