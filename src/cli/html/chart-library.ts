import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

// uPlot formats numbers by the language of the browser as it loads, and ends there where that is no
// language tag: a browser may say en-US@posix.
const LANGUAGE = `try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' })
}
`

/** The script and the style of uPlot, which draws the charts, to stand inside a page. */
export const chartLibrary = () => ({
  script: LANGUAGE + readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
  style: readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
})
