import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axe, goTo, launch, open } from './browser.ts'
import { badges, LAST_DAY, openWard, type Ward } from './ward.ts'

let browser: Browser
let ward: Ward
let url: string
let run = ''
let repair = ''

beforeAll(async () => {
  browser = await launch()
  ward = await openWard()
  url = (await ward.serve({ environment: 'production' })).url
  const runs = await ward.once.runs({ state: 'done', limit: 1 })
  run = runs[0]?.id ?? ''
  repair = (await ward.once.planRepair(badges, { reason: 'given out twice' })).repair
})
afterAll(async () => {
  await browser.close()
  await ward.close()
})

/** A view, and what stands in it once it has its data. */
const VIEWS: readonly (readonly [name: string, path: () => string, says: RegExp])[] = [
  ['the overview', () => '#/', /one row of visits/],
  ['a matrix', () => '#/guards/visits/matrix', /5 entities × 28 periods/],
  ['a matrix as a table', () => '#/guards/visits/matrix?as=table&sort=worst', /everything else/],
  ['a calendar', () => '#/guards/visits/calendar?entity=4', /In the matrix/],
  ['a key', () => `#/guards/visits/key?part.patient=4&part.day=${LAST_DAY}`, /a relative asked/],
  ['a guard that is enforced', () => '#/guards/visits', /The unique index ux_visits/],
  ['a guard that is not', () => '#/guards/badges', /Never let writers wait/],
  ['duplicates', () => '#/guards/badges/duplicates', /6 keys/],
  ['no duplicates', () => '#/guards/visits/duplicates', /No key stands twice/],
  ['repairs', () => '#/repairs', /given out twice/],
  ['a repair', () => `#/repairs/${repair}`, /Hash of the plan/],
  ['runs', () => '#/runs', /the visits of the day/],
  ['a run', () => `#/runs/${run}`, /Units/],
  ['where to create', () => '#/create', /rows of meals/],
  ['a creation by a generator', () => '#/guards/visits/create', /Nothing is written before/],
  ['a creation of rows', () => '#/guards/meals/create', /Nothing is written before/],
  ['the audit', () => '#/audit?verdict=skipped', /reception/],
  ['an address that leads nowhere', () => '#/nowhere', /There is nothing at this address/],
]

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

/** Goes to a place of the page without loading it anew, and waits until it shows what it has. */
async function visit(page: Page, path: string, says: RegExp): Promise<void> {
  await goTo(page, path)
  await page.getByRole('main').getByText(says).first().waitFor()
  await page.locator('.skeleton, [aria-busy=true]').first().waitFor({ state: 'detached' })
}

/** How far the page can be pushed sideways, which a phone must not. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth')

const THEMES = ['light', 'dark'] as const

test.each([DESKTOP, PHONE])('every view is there and clean to axe at $width px', async (size) => {
  const { page, faults, close } = await open(browser, url, {
    viewport: size,
    reducedMotion: 'reduce',
  })
  const found: string[] = []
  for (const [name, path, says] of VIEWS) {
    await visit(page, path(), says)
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme })
      for (const line of await axe(page)) found.push(`${name}, ${colorScheme}: ${line}`)
    }
    if ((await overflow(page)) > 0) found.push(`${name}: it can be pushed sideways`)
    if (!/ · Onceover$/.test(await page.title())) found.push(`${name}: no title`)
  }
  expect(found).toEqual([])
  expect(faults).toEqual([])
  await close()
})

test('an address leads to its view again, in the theme that was chosen', async () => {
  const { page, faults, close } = await open(browser, `${url}#/guards/badges/duplicates`)
  await page.getByText('6 keys').first().waitFor()
  const theme = page.getByRole('button', { name: /^Theme/ })
  const ink = () => page.evaluate('getComputedStyle(document.body).color')
  const light = await ink()
  await theme.click()
  await theme.click()
  await expect.poll(ink).not.toBe(light)
  const dark = await ink()
  await page.reload()
  await page.getByText('6 keys').first().waitFor()
  expect(await ink()).toBe(dark)
  expect(faults).toEqual([])
  await close()
})
