import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { route } from '../route.ts'

let shown: string | undefined

/**
 * The frame of a view: its title (also the document's), what leads to it, and its actions. After
 * going to another view the title has the focus, so that a screen reader says where one is.
 */
export function View({
  title,
  named = title,
  above,
  actions,
  children,
}: {
  readonly title: string
  /** What the document is called, where the title alone would not say it. */
  readonly named?: string
  /** Links to where this belongs. */
  readonly above?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const place = route.value.path.join('/')
  useEffect(() => {
    document.title = `${named} · Onceover`
  }, [named])
  useEffect(() => {
    if (shown !== undefined && shown !== place) heading.current?.focus()
    shown = place
  }, [place])
  return (
    <div class="view">
      <header class="view-head">
        <div>
          {above && <p class="above">{above}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
