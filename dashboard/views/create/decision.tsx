import { useId, useState } from 'preact/hooks'
import type { Policy, Totals } from '../../../src/index.ts'
import { type ApiError, apiPath, asApiError, post } from '../../api.ts'
import type { GuardDetail } from '../../contract.ts'
import { tell } from '../../live.ts'
import { Failure } from '../../parts/notice.tsx'
import { actorName } from '../../session.ts'
import type { Looked, Outcome } from './looked.ts'
import { deedWords, madeOf } from './planned.ts'

interface DecisionProps {
  readonly guard: GuardDetail
  readonly looked: Looked
  /** What is chosen; not looked at yet while it is another than that of `looked`. */
  readonly policy: Policy
  /** Why it could not be looked at. */
  readonly refusal: ApiError | undefined
  /** Looks anew at what a policy would come to. */
  readonly onPolicy: (policy: Policy, reason: string) => void
  readonly onMade: (outcome: Outcome) => void
}

/** Asks what becomes of what exists, and why; its button says to the number what will happen. */
export function Decision({ guard, looked, policy, refusal, onPolicy, onMade }: DecisionProps) {
  const { preview, body } = looked
  const usual = `create by ${actorName()}`
  const [reason, setReason] = useState(usual)
  const [making, setMaking] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  const id = useId()
  const choose = (next: Policy) => {
    // A copy needs a reason that somebody thought of.
    const kept = next === 'allow' && reason === usual ? '' : reason || usual
    setReason(next === 'allow' ? kept : kept || usual)
    onPolicy(next, kept)
  }
  const make = async (event: Event) => {
    event.preventDefault()
    setMaking(true)
    setError(undefined)
    try {
      const path = apiPath(['guards', guard.name, guard.generator ? 'run' : 'rows'])
      const words = reason.trim() ? { reason: reason.trim() } : {}
      onMade(await post<Outcome>(path, { ...body, onDuplicate: policy, ...words }))
      tell({ kind: 'run', guard: guard.name })
    } catch (failure) {
      setError(asApiError(failure))
      setMaking(false)
    }
  }
  const isLooked = looked.policy === policy
  const needsReason = policy === 'allow'
  return (
    <form class="panel decision" onSubmit={make}>
      <Duplicates guard={guard} looked={looked} policy={policy} onChoose={choose} />
      {refusal && <Failure error={refusal} />}
      <label class="field" for={id}>
        <span>{needsReason ? 'Why a copy is right (required)' : 'Reason, kept in the audit'}</span>
        <input
          id={id}
          value={reason}
          maxLength={500}
          required={needsReason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      {error && <Failure error={error} />}
      <button
        type="submit"
        class="primary"
        disabled={making || !isLooked || madeOf(preview.totals) === 0}
      >
        {making ? 'Working' : isLooked ? deedWords(preview.totals) : 'Look at it first'}
      </button>
    </form>
  )
}

interface Choice {
  readonly policy: Policy
  readonly title: string
  readonly words: string
}

const SKIP: Choice = {
  policy: 'skip',
  title: 'Skip them',
  words: 'They stay as they are, and that they were asked for again is recorded.',
}
const REPLACE: Choice = {
  policy: 'replace',
  title: 'Replace them',
  words: 'Each is written anew in place of what is there, unless its data are still the same.',
}
const ALLOW: Choice = {
  policy: 'allow',
  title: 'Allow a copy',
  words: 'A second row beside the first one, numbered and marked as a copy.',
}

const thereOf = ({ skipped, replaced, allowed }: Totals): number => skipped + replaced + allowed

function duplicatesWords(totals: Totals): string {
  const [there, repeated] = [thereOf(totals), totals.collided]
  if (there === 0) {
    return `${repeated.toLocaleString()} ${repeated === 1 ? 'repeats' : 'repeat'} another key`
  }
  const of = totals.rows.toLocaleString()
  return `${there.toLocaleString()} of ${of} ${there === 1 ? 'exists' : 'exist'} already`
}

function Duplicates({
  guard: { generator, copies },
  looked: { preview },
  policy,
  onChoose,
}: Pick<DecisionProps, 'guard' | 'looked' | 'policy'> & {
  readonly onChoose: (policy: Policy) => void
}) {
  if (thereOf(preview.totals) + preview.totals.collided === 0) return null
  const choices = generator || !copies ? [SKIP, REPLACE] : [SKIP, ALLOW]
  return (
    <fieldset class="duplicates-choice">
      <legend>
        <h2>{duplicatesWords(preview.totals)}</h2>
      </legend>
      {choices.map((choice) => (
        <label key={choice.policy}>
          <input
            type="radio"
            name="policy"
            checked={policy === choice.policy}
            onChange={() => onChoose(choice.policy)}
          />
          <span>
            <b>{choice.title}</b>
            <span class="soft">{choice.words}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
