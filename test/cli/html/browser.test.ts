import { createContext, runInContext } from 'node:vm'
import { expect, test } from 'vitest'
import { renderPage } from '../../../src/cli/html/page.ts'
import type { ScanReport } from '../../../src/index.ts'
import { CLEAN } from '../clean-report.ts'

const SIZES = [5496, 874, 107, 7].map((groups, at) => ({ rows: at + 2, groups }))
const REPORT: ScanReport = {
  ...CLEAN,
  duplicates: { groups: 6484, excess: 7593, largest: [], sizes: SIZES },
}

interface Axis {
  readonly values: (u: null, splits: readonly (number | null)[]) => readonly string[]
}

/**
 * Runs the scripts of a page with as much of a browser as they ask for, and a chart library that
 * keeps what it is told to draw after the real one was loaded.
 */
function opened(page: string, language: string) {
  const [, data = ''] = /id="data">([\s\S]*?)<\/script>/.exec(page) ?? []
  const [library = '', script = ''] = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, text]) => text,
  )
  const drawn: { readonly axes: readonly Axis[] }[] = []
  const ignored = () => {}
  const window = {
    navigator: { language },
    devicePixelRatio: 1,
    addEventListener: ignored,
    matchMedia: () => ({ addEventListener: ignored, removeEventListener: ignored }),
    CustomEvent: class {},
    dispatchEvent: ignored,
    getComputedStyle: () => ({ getPropertyValue: () => '' }),
    document: {
      documentElement: { dataset: {}, clientWidth: 1100 },
      getElementById: () => ({ textContent: data }),
      querySelectorAll: (selector: string) =>
        selector === '.chart'
          ? [{ dataset: { chart: 'sizes', of: 0 }, clientWidth: 800, querySelector: () => ({}) }]
          : [],
    },
  }
  const browser = createContext(Object.assign(window, { window }))
  runInContext(library, browser)
  const { paths } = runInContext('uPlot', browser)
  function keeping(options: (typeof drawn)[number]) {
    drawn.push(options)
    return { destroy: ignored }
  }
  Object.assign(window, { uPlot: Object.assign(keeping, { paths }) })
  runInContext(script, browser)
  return drawn
}

test('the places of a logarithmic axis that get no number are left empty', () => {
  const [sizes] = opened(renderPage([REPORT], new Date()), 'en-US')
  const marks = [0.5, 1, null, null, 10, 1000]
  for (const axis of sizes?.axes ?? []) expect(() => axis.values(null, marks)).not.toThrow()
  expect([...(sizes?.axes[1]?.values(null, marks) ?? [])]).toEqual(['', '1', '', '', '10', '1,000'])
})

test('a browser whose language is no language tag draws all the same', () => {
  expect(opened(renderPage([REPORT], new Date()), 'en-US@posix')).toHaveLength(1)
})
