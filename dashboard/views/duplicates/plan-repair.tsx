import { useState } from 'preact/hooks'
import { Confirm } from '../../parts/confirm.tsx'
import { planAnew } from '../../parts/plan-anew.ts'

/** The button that plans a repair, and its question. */
export function PlanRepair({
  guard,
  disabled,
}: {
  readonly guard: string
  readonly disabled: boolean
}) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <button type="button" class="primary" disabled={disabled} onClick={() => setAsking(true)}>
        Plan the repair
      </button>
      {asking && (
        <Confirm
          title={`Plan the repair of ${guard}?`}
          action="Plan the repair"
          onConfirm={(reason) => planAnew(guard, reason)}
          onClose={() => setAsking(false)}
        >
          <p>
            The rows that are too many are looked up and written down, with what hangs on them and
            what it would take. <b>No row is changed</b> before you have seen the plan and apply it.
          </p>
        </Confirm>
      )}
    </>
  )
}
