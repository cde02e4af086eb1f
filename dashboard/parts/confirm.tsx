import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../api.ts'
import { actorName } from '../session.ts'
import { Dialog } from './dialog.tsx'
import { Failure } from './notice.tsx'

/**
 * Asks before a change: `children` show exactly what will happen, the reason is kept with it and is
 * prefilled "{action} by {actor}". It stays open while the change is made, and shows its error.
 */
export function Confirm({
  title,
  action,
  danger,
  ready = true,
  children,
  onConfirm,
  onClose,
}: {
  readonly title: string
  /** The word on the button, and in the reason: `Cancel run`. */
  readonly action: string
  readonly danger?: boolean
  /** False while it is not known yet what would happen. */
  readonly ready?: boolean
  readonly children: ComponentChildren
  /** Makes the change; a failure is shown and the dialog stays. */
  readonly onConfirm: (reason: string) => Promise<unknown>
  readonly onClose: () => void
}) {
  const [reason, setReason] = useState(`${action.toLowerCase()} by ${actorName()}`)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  const id = useId()
  const confirm = async (event: Event) => {
    event.preventDefault()
    if (busy || !ready) return
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm(reason)
      onClose()
    } catch (failure) {
      setError(asApiError(failure))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={confirm}>
        {children}
        <label class="field" for={id}>
          <span>Reason, kept in the audit</span>
          <input
            id={id}
            data-first
            value={reason}
            maxLength={500}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Keep as it is
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy || !ready}>
            {busy ? 'Working' : action}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
