import { useState } from 'preact/hooks'
import type { StoredRepair } from '../../../src/index.ts'
import { apiPath, post } from '../../api.ts'
import type { Underway } from '../../contract.ts'
import { tell } from '../../live.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { bare, some } from '../../parts/prose.tsx'
import { afterRepair } from './next-step.tsx'
import { childName, childRows, childWords, losersWords, timeWords } from './plan-words.ts'

/** Asks before a plan is applied, and starts it. */
export function AskApply({
  repair,
  onChanged,
  onClose,
}: {
  readonly repair: StoredRepair
  readonly onChanged: () => void
  readonly onClose: () => void
}) {
  const [skip, setSkip] = useState(false)
  const { id, state, plan } = repair
  const apply = async () => {
    const body = { hash: plan.hash, onDrift: skip ? 'skip' : 'refuse' }
    const work = await post<Underway>(apiPath(['repairs', id, 'apply']), body)
    tell({ ...work, kind: 'underway' })
    onChanged()
  }
  const hanging = plan.children.filter(({ rows }) => rows !== 0)
  return (
    <Confirm
      title={state === 'planned' ? `Apply repair ${id}?` : `Go on with repair ${id}?`}
      action={state === 'planned' ? 'Apply' : 'Go on'}
      danger
      reasonless
      nextStep={(error) => afterRepair(repair, error)}
      onConfirm={apply}
      onClose={onClose}
    >
      <ul class="consequences">
        <li>
          <b>{bare(plan.table)}:</b> {losersWords(plan)}, in {some(plan.groups, 'key')}. One row of
          each stays.
        </li>
        {hanging.map((child) => (
          <li key={childName(child)}>
            <b>{childName(child)}:</b> {childRows(child)} {childWords(child)}.
          </li>
        ))}
        <li>
          <b>It takes</b> {timeWords(plan.predicted.durationMs)}, in batches, while readers and
          writers go on. Everything is written down, and can be undone.
        </li>
      </ul>
      {state === 'planned' && (
        <label class="check">
          <input
            type="checkbox"
            checked={skip}
            onChange={({ currentTarget }) => setSkip(currentTarget.checked)}
          />
          Leave out rows that changed since, instead of refusing all
        </label>
      )}
      <p class="soft">
        Plan <code>{plan.hash.slice(0, 12)}</code>: exactly what you have looked at.
      </p>
    </Confirm>
  )
}
