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
  reasonless,
  nextStep,
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
  /** True where the server keeps no reason. */
  readonly reasonless?: boolean
  /** What can be done about a failure, where more than its words are at hand. */
  readonly nextStep?: (error: ApiError) => ComponentChildren
  readonly children: ComponentChildren
  /** Makes the change; a failure is shown and the dialog stays. */
  readonly onConfirm: (reason: string) => Promise<unknown>
  readonly onClose: () => void
}) {
  const [reason, setReason] = useState(`${action.toLowerCase()} by ${actorName()}`)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
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
        {!reasonless && <Reason value={reason} onInput={setReason} />}
        {error && <Failure error={error} />}
        {error && nextStep?.(error)}
        <footer>
          <button type="button" data-first={reasonless} onClick={onClose}>
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

function Reason({
  value,
  onInput,
}: {
  readonly value: string
  readonly onInput: (reason: string) => void
}) {
  const id = useId()
  return (
    <label class="field" for={id}>
      <span>Reason, kept in the audit</span>
      <input
        id={id}
        data-first
        value={value}
        maxLength={500}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  )
}
