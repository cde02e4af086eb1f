import { render } from 'preact'
import { App } from './app.tsx'
import { startLive } from './live.ts'
import './theme.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
startLive()
