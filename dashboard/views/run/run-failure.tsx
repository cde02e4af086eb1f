import { useEffect, useState } from 'preact/hooks'
import type { RunStatus } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import type { GuardDetail, Problem, Underway } from '../../contract.ts'
import { onChange } from '../../live.ts'
import { Failure } from '../../parts/notice.tsx'
import { errorOf } from '../../parts/work-panel.tsx'
import { useResource } from '../../resource.ts'

/** Why a run that was started by this server stopped, as long as the server remembers it. */
export function RunFailure({ run: { id, guard, state } }: { readonly run: RunStatus }) {
  const [heard, setHeard] = useState<Problem | null>(null)
  useEffect(
    () =>
      onChange((change) => {
        if (change.kind === 'underway' && change.id === id) setHeard(problemIn(change))
      }),
    [id],
  )
  const path = state === 'stopped' ? apiPath(['guards', guard]) : null
  const known: Underway | null = useResource<GuardDetail>(path).data?.underway ?? null
  const problem = heard ?? (known?.id === id ? known.error : null)
  return problem && <Failure error={errorOf(problem)} />
}

const problemIn = ({ error }: { readonly [name: string]: unknown }): Problem | null =>
  typeof error === 'object' && error !== null && 'code' in error ? (error as Problem) : null
