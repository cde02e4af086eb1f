import { liveState, toggleLive } from './live.ts'
import { openPalette } from './parts/palette.tsx'
import { Glyph, lookOf } from './parts/state.tsx'
import { href, route } from './route.ts'
import { guards, session } from './session.ts'
import { nextTheme, theme } from './theme.ts'

const VIEWS = [
  ['', 'Guards'],
  ['runs', 'Runs'],
  ['audit', 'Audit'],
  ['repairs', 'Repairs'],
] as const

/** Where one is, where one can go, and how the page stands: the side, or on a phone the top. */
export function Navigation() {
  const { path } = route.value
  const top = path[0] ?? ''
  return (
    <header class="side">
      <div class="brand">
        <a href={href([])} aria-label="Onceover, all guards">
          <Mark />
          <span>Onceover</span>
        </a>
        <Environment />
      </div>
      <nav aria-label="Views">
        {VIEWS.map(([view, label]) => (
          <a
            key={view}
            href={href(view ? [view] : [])}
            aria-current={top === view ? 'page' : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <GuardLinks here={top === 'guards' ? path[1] : undefined} />
      <Standing />
    </header>
  )
}

function GuardLinks({ here }: { readonly here: string | undefined }) {
  if (guards.value.length === 0) return null
  return (
    <nav class="guard-links" aria-labelledby="guards-title">
      <h2 id="guards-title">Guards</h2>
      {guards.value.map(({ name, matrix, enforced, error }) => {
        const look = lookOf(error ? 'error' : enforced ? 'enforced' : 'not enforced')
        return (
          <a
            key={name}
            href={href(['guards', name, ...(matrix ? ['matrix'] : [])])}
            aria-current={here === name ? 'true' : undefined}
          >
            <Glyph name={look.glyph} tone={look.tone} />
            <span>{name}</span>
          </a>
        )
      })}
    </nav>
  )
}

function Standing() {
  const { version, target } = session.value ?? {}
  return (
    <div class="standing">
      <button type="button" class="plain" onClick={openPalette}>
        Go to <kbd>{/Mac|iPhone|iPad/.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <LiveSwitch />
      <button type="button" class="plain" aria-label={`Theme: ${theme.value}`} onClick={nextTheme}>
        <span class="soft">Theme</span> {theme.value}
      </button>
      {target && (
        <p class="soft target" title={`Onceover ${version} on ${target}`}>
          {target.replace(/^postgres(ql)?:\/\//, '')}
        </p>
      )}
    </div>
  )
}

const LIVE_WORDS = { on: 'Live', connecting: 'Connecting', off: 'Not live', paused: 'Paused' }

function LiveSwitch() {
  const state = liveState.value
  return (
    <button
      type="button"
      class="plain live"
      aria-pressed={state !== 'paused'}
      title={state === 'paused' ? 'Updates are paused' : 'Changes are shown as they happen'}
      onClick={toggleLive}
    >
      <i class={`lamp lamp-${state}`} aria-hidden="true" />
      <span>{LIVE_WORDS[state]}</span>
    </button>
  )
}

function Environment() {
  const { environment, write } = session.value ?? {}
  return (
    <span class="badges">
      {environment && (
        <span class={/prod/i.test(environment) ? 'badge ground-bad ink-bad' : 'badge'}>
          {environment}
        </span>
      )}
      {write === false && (
        <span class="badge" title="Nothing can be changed from here">
          read only
        </span>
      )}
    </span>
  )
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M20.5 9.2A9 9 0 1 0 21 12" />
      <path d="m8 12.2 3 3L20.5 5" />
    </svg>
  )
}
