import type { ComponentChildren } from 'preact'
import { href, route } from '../route.ts'
import { guards } from '../session.ts'
import { View } from './page.tsx'

const TABS = [
  ['', 'Guard'],
  ['matrix', 'Matrix'],
  ['duplicates', 'Duplicates'],
  ['create', 'Create'],
] as const

/** The frame of a view of one guard: its name and the tabs of its other views. */
export function GuardView({
  guard,
  title,
  actions,
  children,
}: {
  readonly guard: string
  /** What the document is called: `Matrix`. */
  readonly title?: string
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) {
  const view = route.value.path[2] ?? ''
  const here = view === 'calendar' ? 'matrix' : view
  const known = guards.value.find(({ name }) => name === guard)
  const tabs = TABS.filter(([view]) => view !== 'matrix' || known?.matrix !== null)
  return (
    <View title={guard} named={title ? `${title}: ${guard}` : guard} actions={actions}>
      <nav class="tabs" aria-label={`Views of ${guard}`}>
        {tabs.map(([view, label]) => (
          <a
            key={view}
            href={href(['guards', guard, ...(view ? [view] : [])])}
            aria-current={here === view ? 'page' : undefined}
          >
            {label}
          </a>
        ))}
        <a href={href(['audit'], { guard })}>Audit</a>
        <a href={href(['runs'], { guard })}>Runs</a>
      </nav>
      {children}
    </View>
  )
}
