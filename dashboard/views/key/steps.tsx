import type { KeyStep } from '../../../src/index.ts'
import { valueText } from '../../parts/key-text.tsx'
import { State } from '../../parts/state.tsx'
import { lasting, Time } from '../../parts/time.tsx'

/** The external calls of a key's work: made, answered from the record, or still to be looked at. */
export function Steps({ steps }: { readonly steps: readonly KeyStep[] }) {
  if (steps.length === 0) return null
  return (
    <section class="panel">
      <h2>External calls</h2>
      <ul class="steps">
        {steps.map((step) => (
          <Step key={`${step.generation} ${step.name}`} step={step} />
        ))}
      </ul>
    </section>
  )
}

function Step({ step }: { readonly step: KeyStep }) {
  const { name, state, calls, reused, asked, answer, startedAt, answeredAt } = step
  const counts = [
    `${calls} made`,
    ...(reused > 0 ? [`${reused} avoided`] : []),
    ...(asked > 0 ? [`${asked} looked up`] : []),
  ]
  return (
    <li>
      <p class="step-name">
        <code>{name}</code>
        <State name={state} quiet />
      </p>
      <p class="soft">
        {counts.join(', ')} · <Time at={startedAt} />
        {answeredAt && ` in ${lasting(startedAt, answeredAt)}`}
      </p>
      {answer !== null && answer !== undefined && <code>{valueText(answer)}</code>}
    </li>
  )
}
