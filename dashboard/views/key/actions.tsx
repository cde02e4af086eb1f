import { useState } from 'preact/hooks'
import type { KeyHistory } from '../../../src/index.ts'
import { RunSelection, type SelectionFilter } from '../../parts/run-selection.tsx'
import { href } from '../../route.ts'
import { knownGuard, mayWrite } from '../../session.ts'

/** What can be done with one key: run it where it is missing, retry it where it failed. */
export function KeyActions({ history }: { readonly history: KeyHistory }) {
  const [action, setAction] = useState<'run' | 'retry' | undefined>()
  const { guard, key, claim, standing } = history
  const known = knownGuard(guard)
  const run = claim && <a href={href(['runs', claim.run])}>Its run</a>
  if (!mayWrite() || !known?.generator) return <>{run}</>
  const failed = claim?.state === 'failed' || claim?.state === 'exhausted'
  const missing = standing === 0 && !failed && claim?.state !== 'claimed'
  const filter: SelectionFilter = failed ? { claims: { key } } : cellOf(history, known.matrix)
  return (
    <>
      {run}
      {failed && (
        <button type="button" class="primary" onClick={() => setAction('retry')}>
          Retry
        </button>
      )}
      {missing && known.matrix && (
        <button type="button" class="primary" onClick={() => setAction('run')}>
          Preview and run
        </button>
      )}
      {action && (
        <RunSelection
          guard={guard}
          filter={filter}
          action={action}
          onClose={() => setAction(undefined)}
        />
      )}
    </>
  )
}

function cellOf(
  { key }: KeyHistory,
  matrix: { readonly entity: string; readonly period: string } | null,
): SelectionFilter {
  if (!matrix) return {}
  const entity = key[matrix.entity]
  const cell = {
    entity: entity === null || entity === undefined ? null : String(entity),
    period: String(key[matrix.period]),
  }
  return { cells: [cell], from: cell.period, to: cell.period }
}
