import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onceover } from 'onceover'
import { startServer } from 'onceover/embedded'
import pg from 'pg'
import type { Browser, Page } from 'playwright-core'
import { prepareWork } from '../../systems/class-sessions/work.ts'
import { closeSystems, DASHBOARD, furnish, startSystems } from '../../systems/server.ts'
import { launch, open } from './browser.ts'
import { smallPng } from './small-png.ts'

// Takes the screenshots of the README anew, from what the demo is furnished with:
//
//   npm run build && npx jiti test/dashboard/screenshots.ts [folder]

const FOLDER = process.argv[2] ?? fileURLToPath(new URL('../../docs/images', import.meta.url))

interface Shot {
  readonly name: string
  readonly path: string
  /** What stands there once the view has its data. */
  readonly says: string
  readonly height: number
  /** Brings the view into the state that is shown. */
  readonly bring?: (page: Page) => Promise<unknown>
}

const DAY_MS = 86_400_000
const daysAgo = (days: number): string =>
  new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)

const SHOTS: readonly Shot[] = [
  {
    name: 'matrix',
    path: `#/guards/report-batches/matrix?sort=worst&from=${daysAgo(80)}&to=${daysAgo(0)}`,
    says: 'keys in all',
    height: 720,
    // The demo fills the earlier weeks while one looks.
    bring: async (page) => {
      await page.getByRole('button', { name: /^3 missing/ }).waitFor()
      await page.getByRole('button', { name: /claimed$/ }).waitFor({ state: 'detached' })
    },
  },
  {
    name: 'duplicates',
    path: '#/guards/class-sessions/duplicates',
    says: 'Of each key the first',
    height: 720,
    bring: (page) => page.evaluate("document.querySelector('.growth').scrollIntoView()"),
  },
  {
    name: 'run',
    path: '#/runs?guard=report-batches',
    says: 'the reports of the week',
    height: 720,
    bring: async (page) => {
      await page
        .getByRole('row', { name: /failed/ })
        .getByRole('link')
        .first()
        .click()
      await page.getByRole('table').waitFor()
    },
  },
]

const WIDTH = 1280

async function take(browser: Browser, url: string): Promise<void> {
  for (const { name, path, says, height, bring } of SHOTS) {
    const options = { viewport: { width: WIDTH, height }, colorScheme: 'light' } as const
    const { page, close } = await open(browser, `${url}${DASHBOARD}/${path}`, options)
    await page.getByText(says).first().waitFor()
    await bring?.(page)
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
    const file = `${FOLDER}/${name}.png`
    const png = await smallPng(page, await page.screenshot({ animations: 'disabled' }))
    writeFileSync(file, png)
    console.log(`${file} ${Math.ceil(png.length / 1024)} KB`)
    await close()
  }
}

mkdirSync(FOLDER, { recursive: true })
const database = await startServer()
const pool = new pg.Pool({ connectionString: database.url })
pool.on('error', () => undefined)
const once = await onceover({ db: pool, worker: 'the server' })
const options = { once, pool, url: database.url }
const systems = await furnish(options, {
  sessions: (tasks) => Promise.all(tasks.map(async (task) => (await prepareWork(task))())),
})
const served = await startSystems(options, systems)
const browser = await launch()
try {
  await take(browser, served.url)
} finally {
  await browser.close()
  await served.close()
  await once.close()
  await closeSystems(systems)
  await pool.end()
  await database.stop()
}
