import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

/**
 * A modal dialog. It is open as long as it is rendered; Escape and a click beside it close it. The
 * focus goes to what has `data-first`, and back to where it was in the end.
 */
export function Dialog({
  title,
  onClose,
  wide,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly wide?: boolean
  readonly children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    const first = dialog.current?.querySelector('[data-first]')
    if (first instanceof HTMLElement) first.focus()
    // What is prefilled, such as a reason, is replaced by what is typed.
    if (first instanceof HTMLInputElement) first.select()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="plain" onClick={onClose} aria-label="Close">
            <i class="glyph g-cross" aria-hidden="true" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
