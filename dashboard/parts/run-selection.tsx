import { useEffect, useState } from 'preact/hooks'
import { type ApiError, apiPath, asApiError, post } from '../api.ts'
import type { CellState, Preview, Selection } from '../contract.ts'
import { tell } from '../live.ts'
import { href } from '../route.ts'
import { Confirm } from './confirm.tsx'
import { KeyText } from './key-text.tsx'
import { Failure, Loading } from './notice.tsx'
import { say } from './toast.tsx'
import { Totals } from './totals.tsx'

/** Which keys of a guard: as `POST guards/:guard/selections` takes it. */
export interface SelectionFilter {
  readonly states?: readonly CellState[]
  readonly from?: string
  readonly to?: string
  readonly q?: string
  readonly cells?: readonly { readonly entity: string | null; readonly period: string }[]
  readonly claims?: Readonly<Record<string, unknown>>
}

interface Frozen {
  readonly selection: Selection
  readonly preview: Preview | undefined
}

/**
 * Runs or retries keys in three steps: the filter is frozen to keys, a preview says what would come
 * of each, and only then is asked whether to do it. What is confirmed is what was previewed.
 */
export function RunSelection({
  guard,
  filter,
  action,
  onClose,
  onStarted,
}: {
  readonly guard: string
  readonly filter: SelectionFilter
  readonly action: 'run' | 'retry'
  readonly onClose: () => void
  readonly onStarted?: () => void
}) {
  const [frozen, error] = useFrozen(guard, filter, action)
  const count = frozen?.selection.count ?? 0
  const start = async (reason: string) => {
    const { run } = await post<{ run: string }>(apiPath(['guards', guard, action]), {
      selection: frozen?.selection.id,
      reason,
      ...(action === 'run' && { onDuplicate: 'skip' }),
    })
    say(
      <>
        The run was started. <a href={href(['runs', run])}>Follow it</a>
      </>,
      'running',
    )
    tell({ kind: 'run', guard })
    onStarted?.()
  }
  const verb = action === 'run' ? 'Run' : 'Retry'
  return (
    <Confirm
      title={`${verb} ${guard}`}
      action={frozen ? `${verb} ${count.toLocaleString()} ${count === 1 ? 'key' : 'keys'}` : verb}
      ready={count > 0}
      onConfirm={start}
      onClose={onClose}
    >
      {error && <Failure error={error} />}
      {!frozen && !error && <Loading lines={3} />}
      {frozen && <Foretold frozen={frozen} />}
    </Confirm>
  )
}

function Foretold({ frozen: { selection, preview } }: { readonly frozen: Frozen }) {
  const { count, keys } = selection
  if (count === 0) return <p>None of these keys is there any more. Nothing would be done.</p>
  return (
    <>
      <p>
        <b>{count.toLocaleString()}</b> {count === 1 ? 'key' : 'keys'}, looked up now and kept: what
        changes meanwhile does not add to them.
      </p>
      {preview && (
        <div>
          <p class="soft">Nothing is written yet. What would come of them:</p>
          <Totals of={preview.totals} />
        </div>
      )}
      <details>
        <summary>{count > keys.length ? `The first ${keys.length} keys` : 'The keys'}</summary>
        <ul class="key-list">
          {keys.map((key) => (
            <li key={JSON.stringify(key)}>
              <KeyText values={key} />
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}

function useFrozen(guard: string, filter: SelectionFilter, action: 'run' | 'retry') {
  const [frozen, setFrozen] = useState<Frozen | undefined>()
  const [error, setError] = useState<ApiError | undefined>()
  useEffect(() => {
    let gone = false
    const freeze = async () => {
      const selection = await post<Selection>(apiPath(['guards', guard, 'selections']), filter)
      if (action === 'retry' || selection.count === 0) return { selection, preview: undefined }
      const preview = await post<Preview>(apiPath(['guards', guard, 'preview']), {
        selection: selection.id,
        onDuplicate: 'skip',
      })
      return { selection, preview }
    }
    freeze().then(
      (found) => !gone && setFrozen(found),
      (failure: unknown) => !gone && setError(asApiError(failure)),
    )
    return () => {
      gone = true
    }
    // Frozen once: another filter is another dialog.
  }, [])
  return [frozen, error] as const
}
