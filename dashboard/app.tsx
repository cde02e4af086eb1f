import { useEffect } from 'preact/hooks'
import { onChange } from './live.ts'
import { Navigation } from './navigation.tsx'
import { Failure, Loading } from './parts/notice.tsx'
import { Palette } from './parts/palette.tsx'
import { Toasts } from './parts/toast.tsx'
import { route } from './route.ts'
import { loadSession, session, sessionError } from './session.ts'
import { TokenForm } from './token-form.tsx'
import { Shown } from './views.tsx'

const RETRY_MS = 4000

/** The whole page. */
export function App() {
  const error = sessionError.value
  useEffect(() => {
    loadSession()
    return onChange(({ kind }) => {
      if (kind === 'reset' || kind === 'database') loadSession()
    })
  }, [])
  useEffect(() => {
    if (!error?.isOutage) return
    const timer = setTimeout(loadSession, RETRY_MS)
    return () => clearTimeout(timer)
  }, [error])
  return (
    <>
      <button type="button" class="skip-link" onClick={skipToMain}>
        Skip to content
      </button>
      <Navigation />
      <main id="main" tabIndex={-1}>
        <Main />
      </main>
      <Palette />
      <Toasts />
    </>
  )
}

// A link to #main would be taken for a place of the page.
function skipToMain() {
  document.getElementById('main')?.focus()
}

function Main() {
  const error = sessionError.value
  const known = session.value
  if (error?.status === 401) return <TokenForm />
  return (
    <>
      {error && <Failure error={error} retry={loadSession} />}
      {known?.schema === 'missing' && (
        <p class="banner ground-warn" role="status">
          This database has no schema onceover yet, so nothing is recorded. Run{' '}
          <code>onceover migrate</code> to make it.
        </p>
      )}
      {known ? <Shown path={route.value.path} /> : !error && <Loading />}
    </>
  )
}
