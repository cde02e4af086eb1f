import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findChromium } from '../support/chromium.ts'

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

/** Launches the browser of the tests. */
export async function launch(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium.')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A page, and what went wrong on it. */
export interface Opened {
  readonly page: Page
  /** Errors of its scripts, what its policy refused, and what it logged as an error. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

const WAIT_MS = 20_000

// A refused request is shown to the user and logged by the browser as well.
const REFUSED_REQUEST = /Failed to load resource/

/** Opens a page of its own: no cookies, no storage, nothing of another test. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  // Short of the time of a test, so that it says what did not come.
  context.setDefaultTimeout(WAIT_MS)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !REFUSED_REQUEST.test(text)) faults.push(text)
  })
  await page.goto(url)
  return { page, faults, close: () => context.close() }
}

/** Goes to a place of the page, such as `#/runs`, without loading it anew. */
export const goTo = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

/** What axe-core finds wrong with a page as it stands: a line for each. */
export async function axe(page: Page): Promise<readonly string[]> {
  // Through the protocol, which the policy of the page does not bind.
  const loaded = await page.evaluate("'axe' in globalThis")
  if (!loaded) await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
      }
    }
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}
