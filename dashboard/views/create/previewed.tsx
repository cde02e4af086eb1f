import { useState } from 'preact/hooks'
import type { GuardDetail } from '../../contract.ts'
import { VerdictFilter } from '../../parts/verdict-filter.tsx'
import type { Looked } from './looked.ts'
import { PLANNED } from './planned.ts'
import { VerdictTable } from './verdict-table.tsx'

/** What would become of each key, before anything does. */
export function Previewed({
  guard,
  looked: { preview },
}: {
  readonly guard: GuardDetail
  readonly looked: Looked
}) {
  const [verdict, setVerdict] = useState<string | undefined>()
  const { totals, verdicts } = preview
  return (
    <section class="units" aria-labelledby="preview-title">
      <h2 id="preview-title">What would happen</h2>
      <VerdictFilter totals={totals} verdict={verdict} onVerdict={setVerdict} labels={PLANNED} />
      <VerdictTable
        caption="What would become of each key"
        guard={guard.name}
        verdicts={verdict ? verdicts.filter((each) => each.verdict === verdict) : verdicts}
        labels={PLANNED}
        of={verdict ? (Reflect.get(totals, verdict) ?? 0) : totals.rows}
      />
    </section>
  )
}
